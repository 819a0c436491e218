"""`registry-worker export --format iceberg` on a real Kafka: each record once, whatever dies and whoever runs twice."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from broker import LocalKafka
from consumer.analytics.arrow import SCHEMA
from consumer.analytics.iceberg.catalog import CatalogName, opened
from tests.kit import eventually
from tests.kit.bridge import WORKER, Installation
from tests.kit.iceberg_rest import RestCatalog
from tests.kit.iceberg_tables import NAME, rows
from tests.kit.notifications import envelope, event_json
from tests.kit.process import Process
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """A topic of four partitions, empty."""
    make_topic(kafka, topic)
    return Installation(kafka.bootstrap, topic, tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Catalog]:
    """A catalog in a file."""
    with opened(CatalogName.read(f"local=sqlite:///{tmp_path}/catalog.db"), None) as made:
        yield made


def options(tmp_path: Path, *more: str) -> tuple[str, ...]:
    """An export to the table of the catalog in the file."""
    catalog = f"local=sqlite:///{tmp_path}/catalog.db"
    return ("export", "--format", "iceberg", "--catalog", catalog, "--output", str(tmp_path / "warehouse"), *more)


def publish(setup: Installation, count: int) -> None:
    """Writes events of 50 repositories."""
    events = [event_json(f"team/app{n % 50}", n) for n in range(count)]
    setup.publish(*(envelope(*events[at : at + 100]) for at in range(0, count, 100)))


def run(setup: Installation, arguments: Sequence[str], *, code: int = 0) -> str:
    """Runs a command to its end; what it says on both streams."""
    done = setup.run_worker(*arguments)
    assert code == done.code, done.stdout + done.stderr
    return done.stdout + done.stderr


def process(setup: Installation, arguments: Sequence[str], name: str) -> Process:
    """The command as a process, not started yet."""
    return Process(WORKER, *arguments, folder=setup.folder / name, config=setup.config())


def places(kafka: LocalKafka, topic: str) -> Counter[tuple[int, int]]:
    """Every record of the topic, once."""
    return Counter((one.partition, one.offset) for one in read(kafka, topic))


def test_killed_at_any_moment(setup: Installation, kafka: LocalKafka, local: Catalog, tmp_path: Path) -> None:
    """Killed again and again and run once more, the table has each record once, and the rows of the Parquet export."""
    publish(setup, 3_000)
    dice = random.Random(20261130)
    for turn in range(3):
        _kill_after(process(setup, options(tmp_path, "--roll", "1ms"), f"killed{turn}"), dice.randrange(40), tmp_path)
    _damage(setup)
    run(setup, options(tmp_path))
    table = local.load_table(NAME)
    assert places(kafka, setup.topic) == rows(table)
    run(setup, ("export", "--format", "parquet", "--output", str(tmp_path / "files")))
    files = tuple((tmp_path / "files").rglob("*.parquet"))
    parts = [path.removeprefix("file://") for path in table.inspect.files()["file_path"].to_pylist()]
    assert _in_order(files) == _in_order(parts)
    count = "select count(*), count(distinct repository), count(raw) from events"
    assert (3_001, 50, 1) == table.scan().to_duckdb("events").execute(count).fetchone()
    assert (3_001,) == duckdb.connect().execute("select count(*) from read_parquet(?)", [parts]).fetchone()
    assert "0 records in 0 files" in run(setup, options(tmp_path))


def _kill_after(running: Process, count: int, folder: Path) -> None:
    """Kills it when it has written so many files, if it has not ended before."""
    until = len(list(folder.rglob("*.*"))) + count
    with running:
        eventually(lambda: running.returncode is not None or len(list(folder.rglob("*.*"))) > until)
        if running.returncode is None:
            running.kill()


def _in_order(files: Sequence[str | Path]) -> list[dict[str, Any]]:
    """All rows and columns of Parquet files, by partition and offset."""
    tables = [pq.read_table(path, partitioning=None).select(SCHEMA.names) for path in files]
    rows = [row for table in tables for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (row["kafka_partition"], row["kafka_offset"]))


def _damage(setup: Installation) -> None:
    """Writes a record that is no event."""
    producer = Producer({"bootstrap.servers": setup.bootstrap})
    producer.produce(setup.topic, b"junk", partition=0)
    assert 0 == producer.flush(120)


def test_two_that_follow(setup: Installation, kafka: LocalKafka, tmp_path: Path) -> None:
    """Of two exports to one table one goes on and the other ends with a line; compaction and expiry change no row."""
    with RestCatalog(tmp_path / "rest") as server:
        to_rest = ("export", "--format", "iceberg", "--catalog", f"rest={server.uri}")
        publish(setup, 100)
        run(setup, to_rest)
        both = [process(setup, (*to_rest, "--follow", "--roll", "100ms"), name) for name in ("one", "two")]
        with both[0], both[1]:
            eventually(lambda: _publish_until_one_ends(setup, both))
            (ended,) = [one for one in both if one.returncode is not None]
            (alive,) = [one for one in both if one.returncode is None]
            assert 2 == ended.returncode
            assert "table registry.events: another export is writing to it, or it was rolled back" in ended.stderr
            eventually(lambda: _equal(places(kafka, setup.topic), server.catalog.load_table(NAME)))
            assert 0 == alive.terminate()
        said = run(setup, (*to_rest, "--compact", "--expire", "1ms"))
        assert "compacted 0 days" in said
        assert " snapshots and removed 0 files" in said
        table = server.catalog.load_table(NAME)
        assert 1 == len(table.snapshots())
        assert places(kafka, setup.topic) == rows(table)


def _publish_until_one_ends(setup: Installation, both: Sequence[Process]) -> bool:
    publish(setup, 5)
    return 1 == sum(one.returncode is not None for one in both)


def _equal(expected: Counter[tuple[int, int]], table: Table) -> bool:
    return expected == rows(table)


def test_refusals(setup: Installation, local: Catalog, tmp_path: Path) -> None:
    """What cannot be is one line and exit 2, and leaves nothing behind."""
    publish(setup, 10)
    for arguments, said in (
        (("export", "--format", "iceberg"), "--format iceberg needs --catalog NAME or NAME=URI"),
        (("export", "--format", "parquet"), "--output is missing"),
        (
            ("export", "--format", "avro", "--output", "x", "--compact"),
            "--compact and --expire go with --format iceberg",
        ),
        (options(tmp_path, "--table", "events"), "--table events: write NAMESPACE.TABLE"),
        (("export", "--format", "iceberg", "--catalog", "nowhere"), "catalog nowhere: "),
    ):
        assert said in run(setup, arguments, code=2)
    with pytest.raises(NoSuchTableError):
        local.load_table(NAME)
    run(setup, options(tmp_path))
    other = Installation(setup.bootstrap, f"{setup.topic}.other", tmp_path / "other")
    other.publish(envelope(event_json("team/app", 1)))
    assert f"give topic {other.topic} a table of its own" in run(other, options(tmp_path), code=2)
