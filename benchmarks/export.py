"""How fast the log becomes Parquet: `python -m benchmarks.export [RECORDS]`.

Start-up of the command included, against the bare client that consumes the same topic in the same run and decodes
nothing; and the most memory that the command took.
"""

import sys
import time
from collections.abc import Mapping

from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.harness import PARTITIONS, Bench, CommandRun, bench, event, report, run_worker
from producer.event_record import record_of

RECORDS = 1_000_000
RUNS = 3
_POOL = 100_000


def main(records: int = RECORDS) -> None:
    """Print rates in events a second, and peak memory in MiB."""
    with bench() as made:
        fill(made, records)
        config = made.config([])
        for run in range(RUNS):
            bare = records / consume(made, records)
            export = exported(str(config), records, "parquet", "--output", str(made.folder / f"export{run}"))
            rate = records / export.seconds
            report("export to Parquet", events_s=rate, bare_client_s=bare, ratio=rate / bare, peak_MiB=export.peak_mib)
            report("", CPU_us_a_record=export.cpu_s / records * 1e6)


def fill(made: Bench, records: int) -> None:
    """Write so many events by the plain client: a pool of distinct ones, again and again."""
    now = int(time.time() * 1000)
    pool = [
        record_of(event(n, f"team/app{n % 500}"), topic=made.topic, accepted_ms=now) for n in range(min(records, _POOL))
    ]
    settings = {"bootstrap.servers": made.kafka.bootstrap, "compression.type": "zstd", "linger.ms": 50}
    producer = Producer({**settings, "queue.buffering.max.messages": 2_000_000})
    for number in range(records):
        one = pool[number % len(pool)]
        producer.produce(one.topic, one.value, key=one.key, headers=list(one.headers), timestamp=now)
        if number % 10_000 == 0:
            producer.poll(0)
    producer.flush()


def consume(made: Bench, records: int) -> float:
    """Seconds that the bare client takes for all records, its start included."""
    started = time.perf_counter()
    settings = {"bootstrap.servers": made.kafka.bootstrap, "group.id": "bare", "enable.auto.commit": False}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(made.topic, number, 0) for number in range(PARTITIONS)])
    left = records
    while left > 0:
        left -= len(consumer.consume(10_000, 1.0))
    consumer.close()
    return time.perf_counter() - started


def exported(
    config: str, records: int, format_name: str, *options: str, environment: Mapping[str, str] | None = None
) -> CommandRun:
    """An export of the whole topic with these options; the benchmark ends unless all records were exported."""
    run = run_worker("export", "--format", format_name, *options, "-c", config, environment=environment)
    if not run.said.startswith(f"{records} records"):
        sys.exit(f"the export failed: {run.said}")
    return run


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
