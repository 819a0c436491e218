"""`registry-worker export` on a real Kafka: each record once whatever happens, read by others, and published again."""

import json
import random
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import msgspec
import polars as pl
import pyarrow.dataset
import pytest
from confluent_kafka import Producer

from broker import LocalKafka
from consumer.analytics.directory import LocalDirectory
from consumer.analytics.files import covered_by
from producer.event_record import record_of
from runtime.kafka.writer import AcknowledgedWriter
from schemas import Event, Target
from schemas.avro import decode
from schemas.envelope import read_event
from tests.kit import eventually
from tests.kit.bridge import WORKER, Installation
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import event_json
from tests.kit.process import Process
from tests.kit.topics import Found, add_partitions, delete_records, make_topic, read

pytestmark = pytest.mark.kafka

NOON = 1_767_268_800_000
"""2026-01-01T12:00:00Z."""
HALF_A_DAY = 43_200_000


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """A topic of four partitions, empty."""
    make_topic(kafka, topic, retention_ms="-1")  # the records are old
    return Installation(kafka.bootstrap, topic, tmp_path)


def fill(setup: Installation, events: Sequence[Event], step_ms: int = 1) -> None:
    """Writes events, accepted `step_ms` apart from noon on."""
    writer = AcknowledgedWriter(
        {"bootstrap.servers": setup.bootstrap}, client_id="test", max_record_bytes=1 << 20, limit_s=60.0
    )
    records = [record_of(event, topic=setup.topic, accepted_ms=NOON + step_ms * at) for at, event in enumerate(events)]
    for start in range(0, len(records), 500):
        writer.write(records[start : start + 500])
    writer.close()


def pushes(count: int) -> list[Event]:
    """Pushes to 50 repositories."""
    media_type = "application/vnd.oci.image.manifest.v1+json"
    return [
        Event(id=f"e{n}", action="push", target=Target(media_type=media_type, repository=f"team/app{n % 50}"))
        for n in range(count)
    ]


def export(setup: Installation, output: Path, format_: str, *options: str, code: int = 0) -> str:
    """Runs an export to its end; what it says on both streams."""
    done = setup.run_worker("export", "--output", str(output), "--format", format_, *options)
    assert code == done.code, done.stdout + done.stderr
    return done.stdout + done.stderr


def places(kafka: LocalKafka, topic: str) -> Counter[tuple[int, int]]:
    """Every record of the topic, once."""
    return Counter((one.partition, one.offset) for one in read(kafka, topic))


def exported(output: Path) -> Counter[tuple[int, int]]:
    """Every row of the Parquet files."""
    table = pyarrow.dataset.dataset(output, format="parquet", partitioning="hive").to_table()
    return Counter(zip(table["kafka_partition"].to_pylist(), table["kafka_offset"].to_pylist(), strict=True))


def following(setup: Installation, output: Path, *options: str, format_: str = "parquet") -> Process:
    """An export as a process, not started yet."""
    arguments = ("export", "--output", str(output), "--format", format_, *options)
    return Process(WORKER, *arguments, folder=setup.folder / "process", config=setup.config())


def test_killed_at_any_moment(setup: Installation, kafka: LocalKafka, tmp_path: Path) -> None:
    """Killed again and again and run once more, the files hold each record exactly once, and nothing unfinished.

    Each run would go on for ever: it is killed in the middle, whoever is slow.
    """
    output = tmp_path / "out"
    dice = random.Random(20261124)
    for _ in range(6):
        fill(setup, pushes(2_000))
        with following(setup, output, "--follow", "--roll", "50ms") as running:
            more = len(list(output.rglob("*.parquet*"))) + dice.randrange(4)  # one a partition, at least
            eventually(lambda: len(list(output.rglob("*.parquet*"))) > more, every=0.002)  # noqa: B023 - asked at once
            assert -signal.SIGKILL == running.kill()
    fill(setup, pushes(500))
    export(setup, output, "parquet")
    assert places(kafka, setup.topic) == exported(output)
    assert [] == list(output.rglob("*.part"))


def test_others_read_the_files(setup: Installation, tmp_path: Path) -> None:
    """DuckDB, Arrow and polars read the Parquet, fastavro the Avro, and anyone the lines; days are apart."""
    fill(setup, pushes(300), step_ms=HALF_A_DAY // 100)
    write_odd(setup)
    for format_ in ("parquet", "avro", "ndjson"):
        assert "301 records in " in export(setup, tmp_path / format_, format_)
    query = "select count(*), count(distinct event_id), min(accepted_date)::text, count(raw) from read_parquet(?)"
    glob = str(tmp_path / "parquet/*/*.parquet")
    assert (301, 300, "2026-01-01", 1) == duckdb.connect().execute(query, [glob]).fetchone()
    frame = pl.read_parquet(glob)
    assert (301, 300) == (frame.height, frame["event_id"].n_unique() - 1)
    for path in (tmp_path / "parquet").rglob("*.parquet"):
        offsets = pl.read_parquet(path, hive_partitioning=False)["kafka_offset"].to_list()
        assert list(range(offsets[0], offsets[-1] + 1)) == offsets
    records = avro_records(tmp_path / "avro")
    assert 301 == len(records)
    assert {f"e{n}" for n in range(300)} == {one["event"]["id"] for one in records if one["event"]}
    assert [b"junk"] == [one["raw"] for one in records if one["raw"]]
    lines = [
        json.loads(line) for path in (tmp_path / "ndjson").rglob("*.ndjson") for line in path.read_bytes().splitlines()
    ]
    assert ["anVuaw=="] == [line["raw"] for line in lines if line["event"] is None]
    days = {path.name for path in (tmp_path / "parquet").iterdir() if path.is_dir()}
    assert {"accepted_date=2026-01-01", "accepted_date=2026-01-02"} < days


def write_odd(setup: Installation) -> None:
    """Writes a record that is no event."""
    producer = Producer({"bootstrap.servers": setup.bootstrap})
    producer.produce(setup.topic, b"junk", partition=0)
    assert 0 == producer.flush(LIMIT_S)


def avro_records(output: Path) -> list[Any]:
    """Every record of the container files."""
    found: list[Any] = []
    for path in sorted(output.rglob("*.avro")):
        with path.open("rb") as file:
            found += fastavro.reader(file)
    return found


def test_ranges_tile(setup: Installation, kafka: LocalKafka, tmp_path: Path) -> None:
    """`--to` is excluded; the next run goes on there, and one more finds nothing to do."""
    fill(setup, pushes(400))
    export(setup, tmp_path / "out", "parquet", "--to", "2026-01-01T12:00:00.200Z")
    assert 200 == sum(exported(tmp_path / "out").values())
    export(setup, tmp_path / "out", "parquet")
    assert places(kafka, setup.topic) == exported(tmp_path / "out")
    assert "0 records in 0 files" in export(setup, tmp_path / "out", "parquet")


def test_a_gap_is_reported(setup: Installation, kafka: LocalKafka, tmp_path: Path) -> None:
    """What retention took before it was exported is named, and the rest is exported."""
    fill(setup, pushes(400))
    ends = Counter(one.partition for one in read(kafka, setup.topic))
    export(setup, tmp_path / "out", "ndjson", "--to", ",".join(f"{n}:5" for n in ends))
    delete_records(kafka, setup.topic, {0: 9})
    said = export(setup, tmp_path / "out", "ndjson")
    assert "gap: partition 0: the log no longer has offsets 5 to 8" in said
    assert f"{400 - 5 * len(ends) - 4} records" in said


def test_refusals(setup: Installation, tmp_path: Path) -> None:
    """A start before the files, an end for what has none, a missing directory's parent: one line, exit 2."""
    fill(setup, pushes(100))
    export(setup, tmp_path / "out", "ndjson", "--from", "0:5,1:5,2:5,3:5")
    said = export(setup, tmp_path / "out", "ndjson", "--from", "beginning", code=2)
    assert "is only continued at its end" in said
    assert 1 == len(said.splitlines())
    assert "--follow cannot be combined with --to" in export(
        setup, tmp_path / "x", "ndjson", "--follow", "--to", "end", code=2
    )
    (tmp_path / "file").touch()
    assert "--output" in export(setup, tmp_path / "file", "ndjson", code=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_following(setup: Installation, kafka: LocalKafka, tmp_path: Path, number: signal.Signals) -> None:
    """It rolls files of what comes in, refuses a second run, and a signal ends it with exit 0 and whole files."""
    fill(setup, pushes(50))
    output = tmp_path / "out"
    with following(setup, output, "--follow", "--roll", "300ms") as running:
        eventually(lambda: _has(output, 50))
        fill(setup, pushes(70))
        eventually(lambda: _has(output, 120))
        if number is signal.SIGINT:
            assert "another export is writing there" in export(setup, output, "parquet", code=2)
        running.signal(number)
        assert 0 == running.wait()
    assert places(kafka, setup.topic) == exported(output)
    assert {0, 1, 2, 3} >= set(covered_by(LocalDirectory(output).paths(), setup.topic, "parquet"))


def test_following_notices_new_partitions(setup: Installation, kafka: LocalKafka, tmp_path: Path) -> None:
    """Partitions that the topic is given meanwhile are exported from their beginning; a next run goes on behind."""
    fill(setup, pushes(50))
    output = tmp_path / "out"
    with following(setup, output, "--follow", "--roll", "300ms") as running:
        eventually(lambda: _has(output, 50))
        add_partitions(kafka, setup.topic, 6)
        fill(setup, pushes(200))
        eventually(lambda: _has(output, 250))
        assert 0 == running.terminate()
        assert "250 records in" in running.stdout
        assert "gap:" not in running.stderr
    assert {0, 1, 2, 3, 4, 5} == set(covered_by(LocalDirectory(output).paths(), setup.topic, "parquet"))
    fill(setup, pushes(100))
    assert "100 records in" in export(setup, output, "parquet")
    assert places(kafka, setup.topic) == exported(output)


def _has(output: Path, records: int) -> bool:
    return any(output.rglob("*.parquet")) and records == exported(output).total()


@pytest.mark.parametrize("format_", ["avro", "ndjson"])
def test_published_again(setup: Installation, kafka: LocalKafka, tmp_path: Path, format_: str) -> None:
    """An export published into another topic makes the same records: values, keys, labels, types, own texts."""
    fill(setup, various())
    export(setup, tmp_path / "out", format_)
    make_topic(kafka, f"{setup.topic}.again")
    again = Installation(setup.bootstrap, f"{setup.topic}.again", tmp_path / "again")
    files = [str(path) for path in sorted((tmp_path / "out").rglob(f"*.{format_}"))]
    done = again.run_bridge("publish", "--registry", "us", *files)
    assert (0, f"{len(various())} events acknowledged\n") == (done.code, done.stdout), done.stderr
    assert by_repository(read(kafka, setup.topic)) == by_repository(read(kafka, again.topic))


def by_repository(found: Sequence[Found]) -> dict[bytes | None, list[tuple[bytes | None, Event]]]:
    """Values and events in order, by key."""
    records: dict[bytes | None, list[tuple[bytes | None, Event]]] = {}
    for one in found:
        records.setdefault(one.key, []).append((one.value, decode(one.value, one.header("schema-fingerprint"))))
    return records


def various() -> list[Event]:
    """Events of both shapes, with and without their own text, compact and in lines."""
    made = []
    for n, indent in enumerate((None, 3, 1)):
        for content_type in (
            "application/vnd.docker.distribution.events.v1+json",
            "application/vnd.docker.distribution.events.v2+json",
            "application/json; charset=utf-8",
        ):
            plain = event_json(f"team/app{n}", n)
            odd = event_json("team/odd", n, unknown={"a": [1e3, "<\u2028>\n"]}, action="é")
            for event in (plain, odd):
                text = json.dumps(event, indent=indent, ensure_ascii=False)
                made.append(read_event(text, content_type=content_type, registry="eu"))
    sent = {
        "source_format": "zot",
        "source_content_type": "application/json; charset=utf-8",
        "source_headers": {"ce-id": "7", "ce-type": "é"},
        "source_body": '{"name":\r\n "a/b", "reference": "v1"}\n',
    }
    foreign = Event(id="foreign", registry="hub", target=Target(repository="a/b", tag="v1"), **sent)  # type: ignore[arg-type]
    made += [foreign, *(msgspec.structs.replace(event, **sent) for event in made[:2])]
    typed = Event(id="typed", registry="eu", target=Target(repository="a/b", annotations={"<&>": "\x08"}))
    exotic = read_event(
        '{"id": "\\ud800", "id": 1e400,\n "target": {"size": 1.0}}', content_type="application/json", registry="eu"
    )
    assert exotic.original
    return [*made, typed, exotic]


def test_undecodable_lines_are_refused(setup: Installation, tmp_path: Path) -> None:
    """What held no event is named when it is published again, and Parquet is not read at all."""
    write_odd(setup)
    again = Installation(setup.bootstrap, setup.topic, tmp_path / "again")
    for format_, why in (("avro", "held no event"), ("ndjson", "held no event"), ("parquet", "avro or ndjson")):
        export(setup, tmp_path / format_, format_)
        (path,) = (tmp_path / format_).rglob(f"*.{format_}")
        done = again.run_bridge("publish", str(path))
        assert 1 == done.code
        assert f"{path}:1: " in done.stderr
        assert why in done.stderr
