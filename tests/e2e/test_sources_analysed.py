"""What each kind of registry sends, from the POST to what an operator asks: tail, explain, exports, and a report."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pytest

from broker import LocalKafka
from producer.sources.formats import FORMATS
from runtime.config.source_settings import SourceFormat
from tests.kit.bridge import Installation
from tests.kit.foreign_samples import Sample, samples
from tests.kit.notifications import Poster, envelope, event_json
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka

TOKEN = "Bearer only-for-tests-of-sources"


@dataclass(frozen=True, slots=True)
class Filled:
    """A log with all samples of all formats, and an event of a distribution registry."""

    setup: Installation
    sent: Mapping[SourceFormat, Sequence[Sample]]
    """By the source's name, which is its format's."""
    accepted: Counter[str]
    """How many events each source's POSTs had."""


@pytest.fixture(scope="module")
def filled(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Posted once, by each source."""
    sources: list[dict[str, Any]] = [{"name": name, "format": name, "keep": "all"} for name in FORMATS]
    sections = {"intake": {"authorization": TOKEN, "sources": sources}}
    setup = Installation(kafka.bootstrap, "test-analysed", tmp_path_factory.mktemp("analysed"), sections=sections)
    sent, accepted = {name: samples(name) for name in FORMATS}, Counter[str]()
    with setup.bridge() as bridge:
        bridge.wait_ready()
        with Poster(f"http://{bridge.address}/events/eu", {"Authorization": TOKEN}) as poster:
            accepted["eu"] = poster.insist(envelope(event_json("team/app", 1))).json["accepted"]
            for name, bodies in sent.items():
                for one in bodies:
                    headers = {header.title(): value for header, value in one.headers.items()}
                    reply = poster.insist(one.body, headers, path=f"/events/{name}")
                    assert 200 == reply.status, reply.body
                    accepted[name] += reply.json["accepted"]
    return Filled(setup, sent, accepted)


@pytest.fixture(scope="module")
def parquet(filled: Filled) -> list[dict[str, Any]]:
    """The rows of an export."""
    output = filled.setup.folder / "parquet"
    done = filled.setup.run_worker("export", "--output", str(output), "--format", "parquet")
    assert 0 == done.code, done.stderr
    rows: list[dict[str, Any]] = pyarrow.dataset.dataset(output, format="parquet").to_table().to_pylist()
    return rows


def test_an_export_has_what_each_source_sent(filled: Filled, parquet: list[dict[str, Any]]) -> None:
    """Its format and the bodies as they came; an event of distribution's registry has neither."""
    # A POST that was answered 503, and sent again, may be there all the same.
    events = {(row["registry"], row["event_id"]) for row in parquet}
    assert filled.accepted == Counter(registry for registry, _ in events)
    assert {(None, None)} == {(row["source_format"], row["source_body"]) for row in parquet if row["registry"] == "eu"}
    for name in set(FORMATS) - {"cloudevents"}:  # of a batch, each event has its own
        found = {(row["source_format"], row["source_body"]) for row in parquet if row["registry"] == name}
        assert found <= {(name, one.body.decode()) for one in filled.sent[name]}


def test_tail_and_explain_name_the_source(filled: Filled, parquet: list[dict[str, Any]]) -> None:
    """By its format, as the export has it."""
    lines = filled.setup.run_worker("tail", "--from", "beginning", "--json").stdout.splitlines()
    shown = Counter((line["source_format"], line["source_body"]) for line in map(json.loads, lines))
    assert shown == Counter((row["source_format"], row["source_body"]) for row in parquet)
    row = next(row for row in parquet if row["source_format"] == "harbor")
    place = f"{row['kafka_partition']}:{row['kafka_offset']}"
    assert "  source      harbor\n" in filled.setup.run_worker("explain", place).stdout
    assert f"  harbor  harbor  {place}\n" in filled.setup.run_worker("tail", "--from", "beginning").stdout


@pytest.mark.parametrize("format_", ["avro", "ndjson"])
def test_an_export_is_published_again(filled: Filled, kafka: LocalKafka, tmp_path: Path, format_: str) -> None:
    """The values are the same, byte for byte."""
    filled.setup.run_worker("export", "--output", str(tmp_path / "out"), "--format", format_)
    again = Installation(kafka.bootstrap, f"{filled.setup.topic}.{format_}", tmp_path / "again")
    make_topic(kafka, again.topic)
    done = again.run_bridge("publish", *map(str, (tmp_path / "out").rglob(f"*.{format_}")))
    assert 0 == done.code, done.stderr
    first, second = (Counter(one.value for one in read(kafka, topic)) for topic in (filled.setup.topic, again.topic))
    assert first == second


def test_a_report_says_which_sources_leave_a_question_open(filled: Filled) -> None:
    """Pulls come from Harbor and CloudEvents alone; and actions of other kinds are counted."""
    report = json.loads(filled.setup.run_worker("report", "--json").stdout)["answers"]
    open_ = {row["registry"] for row in report["left_open"] if row["question"] == "most_pulled_tags"}
    assert {"eu", *FORMATS} - {"harbor", "cloudevents"} == open_
    assert {row["registry"]: row["events"] for row in report["what_sources_send"]}.keys() == {"eu", *FORMATS}
    assert {"scan", "quota", "replication"} <= {row["action"] for row in report["other_events"]}
    unused = {row["registry"] for row in report["last_use_of_tags"] if row["not_used_since"]}
    assert unused <= {"harbor", "cloudevents"}
