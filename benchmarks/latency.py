"""From acceptance to the first byte at the endpoint, at half load: `python -m benchmarks.latency`.

The baseline of the same run: a bare produce and poll, at the same rate.
"""

import threading
import time

from confluent_kafka import Consumer, Producer

from benchmarks import fast_receiver
from benchmarks.harness import Bench, bench, event, percentile, report
from producer.event_record import record_of
from runtime.kafka.writer import AcknowledgedWriter

PER_SECOND = 2_000
SECONDS = 8
SETTLE_S = 3.0


def main() -> None:
    """Print p50 and p99, in milliseconds."""
    with bench() as made:
        bare = produce_and_poll(made)
        ours = through_the_worker(made)
    for title, times in (("bare produce to poll", bare), ("acceptance to endpoint", ours)):
        report(title, events=len(times), p50_ms=percentile(times, 0.5), p99_ms=percentile(times, 0.99))
    above = [percentile(ours, share) - percentile(bare, share) for share in (0.5, 0.99)]
    report("above the baseline", p50_ms=above[0], p99_ms=above[1])


def through_the_worker(made: Bench) -> list[float]:
    """Milliseconds from just before the write to the arrival of the request, per event."""
    with fast_receiver.running(keep_arrivals=True) as receiver:
        config = made.config([{"name": "latency", "url": receiver.url, "start": "end"}])
        with made.process("consumer.cli", "deliver", config=config) as run:
            run.address()
            time.sleep(SETTLE_S)
            accepted = feed(made)
            arrived = receiver.wait_for(len(accepted), 60)
    return [(at - accepted[name]) * 1000 for name, at in arrived["arrivals"]][PER_SECOND:]


def feed(made: Bench) -> dict[str, float]:
    """Write events at an even rate; when each was accepted, by id."""
    writer = AcknowledgedWriter(
        {"bootstrap.servers": made.kafka.bootstrap}, client_id="benchmark", max_record_bytes=1 << 20
    )
    accepted: dict[str, float] = {}
    threads = []

    def write(numbers: range) -> None:
        for number in numbers:
            one = event(number, f"team/app{number % 500}")
            accepted[one.id] = time.time()
            writer.write([record_of(one, topic=made.topic, accepted_ms=int(time.time() * 1000))])
            time.sleep(max(0.0, started + number / PER_SECOND - time.time()))

    started = time.time()
    callers = 16
    for caller in range(callers):
        threads.append(threading.Thread(target=write, args=(range(caller, PER_SECOND * SECONDS, callers),)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    writer.close()
    return accepted


def produce_and_poll(made: Bench) -> list[float]:
    """The bare client's way, in one process: produce at the same rate, poll in a thread."""
    settings = {"bootstrap.servers": made.kafka.bootstrap}
    consumer = Consumer({**settings, "group.id": "baseline", "auto.offset.reset": "latest"})
    consumer.subscribe([made.topic])
    consumer.poll(SETTLE_S)
    times: list[float] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                times.append((time.time() - float(message.value() or b"0")) * 1000)

    reader = threading.Thread(target=poll)
    reader.start()
    producer = Producer({**settings, "acks": "all", "enable.idempotence": True, "linger.ms": 0})
    started = time.time()
    for number in range(PER_SECOND * SECONDS):
        producer.produce(made.topic, repr(time.time()).encode(), key=f"team/app{number % 500}".encode())
        producer.poll(0)
        time.sleep(max(0.0, started + number / PER_SECOND - time.time()))
    producer.flush()
    time.sleep(1.0)
    done.set()
    reader.join()
    consumer.close()
    return times[PER_SECOND:]


if __name__ == "__main__":
    main()
