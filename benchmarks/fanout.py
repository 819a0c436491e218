"""What one event costs one endpoint: `python -m benchmarks.fanout [ENDPOINTS...]`. Processor time of the whole worker.

Many endpoints in one process read the same events; each wants none of them, 2 % or all. A worker that finds nothing to
do is subtracted. The baseline of the same run is a bare consumer that reads the topic once.
"""

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence

from confluent_kafka import Consumer

from benchmarks import fast_receiver
from benchmarks.harness import Bench, bench, report

EVENTS = 100_000
REPOSITORIES = 500
ENDPOINTS = (1, 10, 50)
MOST_DELIVERIES = 200_000
"""What each endpoint wants all of is read by fewer of them, so that the run ends."""
LIMIT_S = 600


def main(counts: Sequence[int] = ENDPOINTS) -> None:
    """Print the cost of an event to an endpoint that filters it out, takes 2 % of all, or takes all."""
    with bench() as made, fast_receiver.running() as receiver:
        made.fill(EVENTS, repositories=REPOSITORIES)
        bare = bare_consumer_us(made)
        report("a bare consumer", microseconds=bare)
        for count in counts:
            idle_s = deliver_s(made, [_endpoint(receiver.url, start="end") for _ in range(count)])
            for share, wanted in ((0, 0), (2, REPOSITORIES // 50), (100, REPOSITORIES)):
                endpoints = count if share < 100 else min(count, MOST_DELIVERIES // EVENTS)
                made_of = [_endpoint(receiver.url, repositories=_wanted(at, wanted)) for at in range(endpoints)]
                took_s = deliver_s(made, made_of) - idle_s * endpoints / count
                each = took_s / EVENTS / endpoints * 1e6
                report(f"{endpoints} endpoints, {share} % wanted", microseconds=each, ratio=each / bare)


def _wanted(at: int, count: int) -> list[str]:
    """So many of the repositories, other ones for each endpoint."""
    return [f"team/app{(at * count + number) % REPOSITORIES}" for number in range(count)] or ["elsewhere/*"]


def _endpoint(url: str, **keys: object) -> dict[str, object]:
    return {"name": f"e-{uuid.uuid4().hex[:8]}", "url": url, **keys}


def deliver_s(made: Bench, endpoints: list[dict[str, object]]) -> float:
    """Processor seconds of a worker that delivers all there is."""
    config = made.config(endpoints)
    before = _children_s()
    command = [sys.executable, "-m", "consumer.cli", "deliver", "--until-caught-up", "-c", str(config)]
    subprocess.run(command, check=True, timeout=LIMIT_S, stderr=subprocess.DEVNULL)
    return _children_s() - before


def _children_s() -> float:
    """Processor seconds of the children that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def bare_consumer_us(made: Bench) -> float:
    """Microseconds of processor time for each record of a consumer that does nothing with it."""
    settings = {
        "bootstrap.servers": made.kafka.bootstrap,
        "group.id": uuid.uuid4().hex,
        "auto.offset.reset": "earliest",
    }
    with contextlib.closing(Consumer({**settings, "queued.max.messages.kbytes": 1024})) as consumer:
        consumer.subscribe([made.topic])
        while not consumer.consume(1, timeout=1.0):
            pass
        begun, seen = time.process_time(), 1
        while seen < EVENTS:
            seen += len(consumer.consume(500, timeout=1.0))
        return (time.process_time() - begun) / EVENTS * 1e6


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or ENDPOINTS)
