"""What a write costs a Python registry inside a request: `python -m benchmarks.sink_latency`.

`KafkaSink.write` with one caller and with 64, against the round trip of the bare client (produce, flush) of the run.
"""

import threading
import time

from confluent_kafka import Producer

from benchmarks.harness import bench, event, percentile, report
from producer import KafkaSink

WRITES = 2_000
CALLERS = 64


def main() -> None:
    """Print p50 and p99, in milliseconds."""
    with bench() as made:
        settings = {"bootstrap.servers": made.kafka.bootstrap}
        bare = round_trips(settings, made.topic)
        sink = KafkaSink(settings, made.topic)
        sink.write(event(0, "team/app"))  # the first one connects
        alone = callers(sink, 1)
        together = callers(sink, CALLERS)
        sink.close()
    report("bare client, one at a time", p50_ms=percentile(bare, 0.5), p99_ms=percentile(bare, 0.99))
    for title, times in (("KafkaSink.write, 1 caller", alone), (f"KafkaSink.write, {CALLERS} callers", together)):
        p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
        report(title, p50_ms=p50, p99_ms=p99, p50_ratio=p50 / percentile(bare, 0.5))


def round_trips(settings: dict[str, str], topic: str) -> list[float]:
    """The bare client: produce one record, wait for its acknowledgement."""
    producer = Producer({**settings, "acks": "all", "enable.idempotence": True, "linger.ms": 0})
    times = []
    for number in range(WRITES // 4):
        started = time.perf_counter()
        producer.produce(topic, b"x" * 600, key=f"team/app{number}".encode())
        producer.flush()
        times.append((time.perf_counter() - started) * 1000)
    return times[1:]


def callers(sink: KafkaSink, count: int) -> list[float]:
    """Each caller writes one event after the other; every write's time in milliseconds."""
    times: list[float] = []

    def write() -> None:
        for number in range(WRITES // count):
            one = event(number, f"team/app{threading.get_ident()}")
            started = time.perf_counter()
            sink.write(one)
            times.append((time.perf_counter() - started) * 1000)

    threads = [threading.Thread(target=write) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


if __name__ == "__main__":
    main()
