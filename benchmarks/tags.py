"""How fast `materialize` reads the log, and what a million tags cost: `python -m benchmarks.tags [RECORDS]`.

A quarter of the records are pushes of new tags, the others pulls of them by tag or digest. Start-up of the command
included, against the bare client that consumes the same topic in the same run and decodes nothing; then the command
starts again, and has to read its state. At last the memory that the state of a million tags takes, without Kafka.
"""

import gc
import os
import random
import sys
import time
from collections.abc import Iterator

from confluent_kafka import Producer
from msgspec.structs import replace

from benchmarks.export import consume
from benchmarks.harness import PARTITIONS, Bench, CommandRun, bench, event, report, resident_mib, run_worker
from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.tag_event import TagEvent, tag_event_of
from producer.event_record import record_of
from schemas.event import Event

RECORDS = 400_000
TAGS = 1_000_000
RUNS = 3
_PUSHED_EVERY = 4
_REPOSITORIES = 500
_AT_ONCE = 5_000


def main(records: int = RECORDS) -> None:
    """Print rates in records a second, seconds of a second start, and memory in MiB."""
    with bench() as made:
        fill(made, records)
        for run in range(RUNS):
            bare = records / consume(made, records)
            config = str(made.config([], topics=_topics(made, run)))
            first, again = materialize(config), materialize(config)
            rate = records / first.seconds
            report("tags from the log", records_s=rate, bare_client_s=bare, ratio=rate / bare)
            report("", CPU_us_a_record=first.cpu_s / records * 1e6, peak_MiB=first.peak_mib)
            tags = records // _PUSHED_EVERY
            report("a second start", tags=tags, seconds=again.seconds, CPU_s=again.cpu_s, peak_MiB=again.peak_mib)
    mib = memory_of(TAGS)
    report("the state of tags", tags=TAGS, MiB=mib, bytes_a_tag=mib * 2**20 / TAGS)


def _topics(made: Bench, run: int) -> dict[str, object]:
    names = {"events": made.topic, "dead_letters": f"{made.topic}.dead", "tags": f"{made.topic}.tags{run}"}
    return {**names, "partitions": PARTITIONS}


def fill(made: Bench, records: int) -> None:
    """Write so many events by the plain client."""
    now = int(time.time() * 1000)
    settings = {"bootstrap.servers": made.kafka.bootstrap, "compression.type": "zstd", "linger.ms": 50}
    producer = Producer({**settings, "queue.buffering.max.messages": 2_000_000})
    for one in events(records):
        made_record = record_of(one, topic=made.topic, accepted_ms=now)
        producer.produce(
            made.topic, made_record.value, key=made_record.key, headers=list(made_record.headers), timestamp=now
        )
        producer.poll(0)
    producer.flush()


def events(count: int) -> Iterator[Event]:
    """Pushes of tags, and pulls of what was pushed before."""
    chance = random.Random(3)
    for number in range(count):
        is_push = number % _PUSHED_EVERY == 0
        tag = (number if is_push else chance.randrange(number)) // _PUSHED_EVERY
        one = event(tag, f"team/app{tag % _REPOSITORIES}")
        if not is_push:
            target = replace(one.target, tag=one.target.tag if number % 2 else "")
            one = replace(one, action="pull", target=target, request=replace(one.request, method="GET"))
        yield one


def materialize(config: str) -> CommandRun:
    """Read all that is in the log."""
    return run_worker("materialize", "--until-caught-up", "--log-level", "warning", "-c", config)


def memory_of(tags: int) -> float:
    """MiB that the state of so many tags takes, each with a digest of its own; its events are gone."""
    gc.collect()
    before = resident_mib(os.getpid())
    fold = TagFold([], None)
    for number in range(tags):
        fold.read(number, 0, _pushed(number))
        if number % _AT_ONCE == 0:
            fold.take_changes()
    fold.take_changes()
    gc.collect()
    return resident_mib(os.getpid()) - before


def _pushed(number: int) -> TagEvent | None:
    one = event(number, f"team/app{number % _REPOSITORIES}")
    return tag_event_of(one, Record("events", 0, number, number, None, None))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
