"""Spark reads the topic as docs/engines/spark.md shows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset
import pytest

from tests.engines.pipeline import LABEL, OLDER, Pipeline
from tests.engines.recorded import Reading
from tests.engines.spark import JARS, submit
from tests.kit.snippets import snippets

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

PAGE = "engines/spark.md"
MODULE = snippets(PAGE, "Spark", "python")[0]


@dataclass(frozen=True, slots=True)
class Way:
    """One of the page's two scripts, and where it writes."""

    heading: str
    script: str
    suffix: str


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
