"""Flink reads the topic as docs/engines/flink.md shows."""

from collections.abc import Callable

import pytest

from broker import LocalKafka
from tests.engines.flink import JARS, run_sql, tables
from tests.engines.pipeline import KEY, PARTITIONS, TOPIC, Pipeline
from tests.engines.recorded import Reading
from tests.kit.snippets import snippets
from tests.kit.topics import Found, make_topic, read

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

PAGE = "engines/flink.md"
(COPY,) = snippets(PAGE, "Copying what the bridge wrote", "sql")
(READ,) = snippets(PAGE, "Reading the events", "sql")
CHECKED = f"{TOPIC}.checked"
DIRECT = READ.replace("registry_events", "direct_events").replace(CHECKED, TOPIC)


@pytest.fixture(scope="module")
def said(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the client says to the page's copy and question, to one behind the damaged records, and to one with them."""
    make_topic(pipeline.kafka, CHECKED, PARTITIONS)
    behind = from_the_tombstone(DIRECT.replace("direct_events", "events_behind"), pipeline)
    return run_sql(pipeline.shown(f"{COPY}\n{READ}\n{behind}\n{DIRECT}"), tmp_path_factory.mktemp("flink"))


def from_the_tombstone(sql: str, pipeline: Pipeline) -> str:
    """The same table, which begins at the tombstone, behind the records that cannot be decoded."""
    tombstone = pipeline.odd["tombstone"]
    offsets = dict.fromkeys(range(PARTITIONS), 0) | {tombstone.partition: tombstone.offset}
    spelled = ";".join(f"partition:{partition},offset:{offset}" for partition, offset in offsets.items())
    begin = f"'scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = '{spelled}'"
    earliest = "'scan.startup.mode' = 'earliest-offset'"
    assert earliest in sql
    return sql.replace(earliest, begin)


def test_every_event_is_read(said: str, pipeline: Pipeline, has_read: Callable[[Reading], None]) -> None:
    """Each event is a row with its members, that of the first release too, and what is no event is left out."""
    assert tables(said), said[-6000:]
    found = tables(said)[0]
    assert len(found) == len(set(found))
    assert pipeline.members == set(found)
    has_read(Reading("[Flink](engines/flink.md)", JARS.version, pipeline.told))


def test_the_copy_is_byte_for_byte(said: str, kafka: LocalKafka, pipeline: Pipeline) -> None:
    """A record of the bridge is in the checked topic as in the events topic, with its key, value, headers and time.

    It is in the same partition, if it lies where its key belongs; `OLDER` does not.
    """
    odd = {(one.partition, one.offset) for one in pipeline.odd.values()}
    events = [one for one in read(kafka, TOPIC) if (one.partition, one.offset) not in odd]
    copies = read(kafka, CHECKED)
    wanted, found = (
        sorted((one.timestamp_ms, one.key, one.value, sorted(one.headers), placed(one)) for one in several)
        for several in (events, copies)
    )
    assert wanted == found


def placed(one: Found) -> int | None:
    """The partition of a record that lies where its key belongs."""
    return None if one.key == KEY else one.partition


def test_a_tombstone_is_passed_over(said: str, kafka: LocalKafka, pipeline: Pipeline) -> None:
    """A question that meets the tombstone answers the events behind it."""
    tombstone = pipeline.odd["tombstone"]
    wanted = {
        one.header("ce_id")
        for one in read(kafka, TOPIC)
        if one.partition != tombstone.partition or one.offset > tombstone.offset
    }
    assert wanted == {row[0] for row in tables(said)[1]}


def test_an_undecodable_record_fails_the_job(said: str) -> None:
    """Read without the copy, the topic gives no row: the job ends at the first record that cannot be decoded."""
    assert len(tables(said)) == 2
    assert "[ERROR] Could not execute SQL statement" in said
