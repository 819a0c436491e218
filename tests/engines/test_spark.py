"""Spark reads the topic as docs/engines/spark.md shows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset
import pytest

from broker import LocalKafka
from tests.engines.pipeline import LABEL, OLDER, PARTITIONS, TOPIC, Pipeline
from tests.engines.recorded import Reading
from tests.engines.spark import JARS, started, submit
from tests.kit import eventually
from tests.kit.snippets import snippets
from tests.kit.topics import make_topic, read, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

PAGE = "engines/spark.md"
MODULE = snippets(PAGE, "Spark", "python")[0]


@dataclass(frozen=True, slots=True)
class Way:
    """One of the page's two scripts, and where it writes."""

    heading: str
    script: str
    suffix: str


LIMIT_S = 600.0
RESTARTED = f"{TOPIC}.restarted"
PARQUET = b"PAR1"
STREAMED = "registry-events-stream"
AS_SPARK_READS = f'\nspark.read.parquet("{STREAMED}").write.parquet("as-spark-reads")\n'
WAYS = [Way("Batch", "batch.py", ""), Way("Structured Streaming", "stream.py", "-stream")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.script)
def test_every_event_is_read(way: Way, pipeline: Pipeline, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """Each event is a row, one of the first release too; an undecodable record is a row elsewhere, a tombstone none."""
    (tmp_path / "registry_events.py").write_text(pipeline.shown(MODULE))
    (tmp_path / way.script).write_text(snippets(PAGE, way.heading, "python")[0])
    submit(way.script, tmp_path)
    events = pyarrow.dataset.dataset(tmp_path / f"registry-events{way.suffix}").to_table().to_pylist()
    found = [
        (one["id"], one["action"], *(one["target"][name] for name in ("repository", "tag", "digest"))) for one in events
    ]
    assert len(found) == len(set(found))
    assert pipeline.members == set(found)
    assert {LABEL} == {one["registry"] for one in events if one["id"] != OLDER["id"]}
    others = pyarrow.dataset.dataset(tmp_path / f"registry-undecodable{way.suffix}").to_table().to_pylist()
    assert pipeline.undecodable == {(one["kafka_partition"], one["kafka_offset"]): one["value"] for one in others}
    has_read(Reading(f"[Spark](engines/spark.md), {way.heading}", JARS.version, pipeline.told))


def test_a_stream_goes_on_from_its_checkpoint(pipeline: Pipeline, kafka: LocalKafka, tmp_path: Path) -> None:
    """After a kill and after a step that was not listed no record is missing, and Spark reads each one once."""
    records = read(kafka, TOPIC)
    make_topic(kafka, RESTARTED, PARTITIONS)
    write(kafka, RESTARTED, records[::2])
    subscribed = MODULE.replace(f'"subscribe": "{TOPIC}"', f'"subscribe": "{RESTARTED}"')
    (tmp_path / "registry_events.py").write_text(pipeline.shown(subscribed))
    script = snippets(PAGE, "Structured Streaming", "python")[0]
    (tmp_path / "stream.py").write_text(script)
    with started("stream.py", tmp_path) as run:
        eventually(lambda: run.poll() is not None or any((tmp_path / STREAMED).glob("*.parquet")), LIMIT_S)
    submit("stream.py", tmp_path)
    assert places(kafka) == set(streamed(tmp_path / STREAMED))
    unlist_last_step(tmp_path)
    write(kafka, RESTARTED, records[1::2])
    (tmp_path / "stream.py").write_text(script + AS_SPARK_READS)
    submit("stream.py", tmp_path)
    assert sorted(places(kafka)) == sorted(streamed(tmp_path / "as-spark-reads"))
    in_all_files = streamed(tmp_path / STREAMED)
    assert places(kafka) == set(in_all_files)
    assert len(in_all_files) > len(set(in_all_files))


def places(kafka: LocalKafka) -> set[tuple[int, int]]:
    """Where the events are: partitions and offsets of the records that the bridge wrote, and of `OLDER`."""
    return {(one.partition, one.offset) for one in read(kafka, RESTARTED) if one.header("schema-fingerprint")}


def streamed(folder: Path) -> list[tuple[int, int]]:
    """The places that the rows of all files of a folder name; a file that was cut has no rows."""
    files = [str(file) for file in folder.glob("*.parquet") if file.read_bytes().endswith(PARQUET)]
    table = pyarrow.dataset.dataset(files).to_table()
    return [(one["kafka_partition"], one["kafka_offset"]) for one in table.to_pylist()]


def unlist_last_step(folder: Path) -> None:
    """The folder as a run leaves it that is killed when the files of a step are there and are not listed yet."""
    logs = (folder / STREAMED / "_spark_metadata", folder / f"{STREAMED}-checkpoint" / "commits")
    last = max(int(file.name) for file in logs[0].iterdir() if file.name.isdecimal())
    for log in logs:
        (log / str(last)).unlink()
        (log / f".{last}.crc").unlink(missing_ok=True)
