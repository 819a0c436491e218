"""What an event costs in Avro: the compiled writer against fastavro's, on the same events in the same run.

    python benchmarks/avro_writer.py [--rounds N] [--events N]

The two writers take turns, so that whatever else the machine does meets both alike; the figures are medians of the
rounds, in microseconds of CPU time for each event. Reading, JSON in and JSON out are printed beside them, since an
event pays for all four on its way.
"""

import argparse
import io
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastavro import schemaless_reader, schemaless_writer

from schemas import Event
from schemas.avro import decode, encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope
from schemas.wire import envelope_json

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
LATEST = CATALOG.latest


def bodies() -> list[tuple[str, bytes]]:
    """(Content-Type, body) of what real registries sent: blobs, manifests with and without references, deletes."""
    lines = [line for file in sorted(FIXTURES.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    return [(line["contentType"], line["body"].encode()) for line in map(json.loads, lines)]


def by_fastavro(record: dict[str, Any]) -> bytes:
    """The record as fastavro's generic writer writes it."""
    stream = io.BytesIO()
    schemaless_writer(stream, LATEST.schema, record)
    return stream.getvalue()


def as_record(event: Event) -> dict[str, Any]:
    """The event as the dictionary that fastavro takes; times as numbers, which is its fast path."""
    record = schemaless_reader(io.BytesIO(encode(event)), LATEST.schema, None)
    assert isinstance(record, dict)
    return record | {"timestamp": event.timestamp_micros}


def cost(work: Callable[[], object], events: int) -> float:
    """Microseconds of CPU time for each event of one round."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / events * 1e6


def measure(works: dict[str, Callable[[], object]], *, rounds: int, events: int) -> dict[str, float]:
    """Median cost of each, taken in alternated rounds after one that does not count."""
    costs: dict[str, list[float]] = {name: [] for name in works}
    for round_number in range(rounds + 1):
        for name, work in works.items():
            found = cost(work, events)
            if round_number:
                costs[name].append(found)
    return {name: statistics.median(found) for name, found in costs.items()}


def run(*, rounds: int, events: int) -> dict[str, float]:
    """The cost of each step on its way, in microseconds for each event."""
    sources = bodies()
    repeats = max(1, events // len(sources))
    taken = [event for content_type, body in sources for event in read_envelope(body, content_type=content_type)]
    records = [as_record(event) for event in taken]
    assert [by_fastavro(record) for record in records] == [encode(event) for event in taken]
    values = [frame(LATEST.id, encode(event)) for event in taken]
    works: dict[str, Callable[[], object]] = {
        "compiled writer": lambda: [encode(event) for _ in range(repeats) for event in taken],
        "fastavro's writer": lambda: [by_fastavro(record) for _ in range(repeats) for record in records],
        "decode": lambda: [decode(value, LATEST.fingerprint) for _ in range(repeats) for value in values],
        "read envelope": lambda: [
            read_envelope(body, content_type=content_type) for _ in range(repeats) for content_type, body in sources
        ],
        "write envelope": lambda: [envelope_json([event]) for _ in range(repeats) for event in taken],
    }
    return measure(works, rounds=rounds, events=repeats * len(taken))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="rounds that count (default 9)")
    parser.add_argument("--events", type=int, default=2000, help="events a round (default 2000)")
    options = parser.parse_args(arguments)
    found = run(rounds=options.rounds, events=options.events)
    for name, microseconds in found.items():
        print(f"{name:<18}{microseconds:8.1f} us/event")
    ratio = found["fastavro's writer"] / found["compiled writer"]
    print(f"the compiled writer is {ratio:.1f} times as fast as fastavro's")


if __name__ == "__main__":
    main()
