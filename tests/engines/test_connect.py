"""Kafka Connect with Apicurio's converter reads the topic as docs/engines/kafka-connect.md shows."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from broker import Program, free_port
from tests.engines.pipeline import UNKNOWN_RELEASE, Pipeline
from tests.engines.recorded import Reading
from tests.kit import eventually
from tests.kit.connect import PROGRAM, ConnectWorker
from tests.kit.snippets import snippets

pytestmark = pytest.mark.kafka

CONVERTER: Final = Program("Apicurio's converter", Path(__file__).parent / "connect" / "connect.lock.toml")
OF_KAFKA: Final = ("kafka-clients", "connect-")
FILE_SINK: Final = "libs/connect-file-4.3.1.jar"
LIMIT_S: Final = 180.0
EVENTS: Final = re.compile(r"^(?=Struct\{id=)", re.MULTILINE)
"""Where one begins: a member may have line breaks."""


def test_every_sink_gets_members(pipeline: Pipeline, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """The sink of the page writes the members of each event, passes over what is none, and logs why."""
    worker, sink = snippets("engines/kafka-connect.md", "Kafka Connect with an Avro converter", "properties")
    folder, written = plugins(tmp_path), tmp_path / "registry-events.txt"
    shown = pipeline.shown(worker).replace(FILE_SINK, file_sink()).replace(":8083", f":{free_port()}")
    connect = ConnectWorker(folder, {"worker.properties": shown, "sink.properties": sink})

    def complete() -> bool:
        connect.check()
        text = written.read_text("utf-8") if written.exists() else ""
        found = {members(event) for event in EVENTS.split(text) if event.startswith("Struct")}
        assert {event[:4] for event in pipeline.members} == found
        said = connect.log.read_text("utf-8")
        assert len(pipeline.undecodable) == said.count("Executing stage 'VALUE_CONVERTER'")
        assert f"ids/contentIds/{UNKNOWN_RELEASE}" in said or str(UNKNOWN_RELEASE) in said
        return True

    with connect:
        eventually(complete, LIMIT_S)
    read = f"{len(pipeline.sent)} events of two releases; {len(pipeline.undecodable)} others logged and passed"
    has_read(Reading("[Kafka Connect](engines/kafka-connect.md)", "Connect 4.3.1, Apicurio's converter 2.6.13", read))


def plugins(folder: Path) -> Path:
    """The folder that the page says to fill with the converter's jars."""
    plugin = folder / "plugins" / "apicurio"
    plugin.mkdir(parents=True)
    for jar in CONVERTER.files():
        if not jar.name.startswith(OF_KAFKA):
            (plugin / jar.name).symlink_to(jar)
    return folder


def file_sink() -> str:
    """Where the jar of the sink is, which Kafka's distribution has in `libs`."""
    (jar,) = (jar for jar in PROGRAM.files() if jar.name.startswith("connect-file"))
    return os.fspath(jar)


def members(event: str) -> tuple[str | None, ...]:
    """Id, action, repository and tag, as the sink writes them."""
    target = event.partition(",target=Struct{")[2].partition(",references=")[0]
    return (
        *(_value(name, event) for name in ("id", "action")),
        *(_value(name, target) for name in ("repository", "tag")),
    )


def _value(name: str, text: str) -> str | None:
    found = re.search(rf"(?:^|[,{{]){name}=([^,}}]*)", text)
    return found[1] if found else None
