"""A formatted log directory is copied from one that Kafka's tool made for the same release, features and settings."""

import os
from pathlib import Path

from broker import NEWEST
from broker.formatting import META, Format, fresh_id
from broker.jars import class_path
from broker.java import bring_java
from broker.storage import SETTINGS


def formatted(folder: Path, home: Path, java: list[str], **others: str) -> dict[str, bytes]:
    """The files of a directory of its own, the lines of `meta.properties` by name."""
    folder.mkdir()
    file, data = folder / "server.properties", folder / "data"
    settings = {
        **SETTINGS,
        "node.id": "1",
        "log.dirs": str(data),
        "listeners": "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": "1@127.0.0.1:9093",
        **others,
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    Format(java, settings, file, {}, home).make(fresh_id())
    meta = dict(line.split("=", 1) for line in (data / META).read_text().splitlines() if "=" in line)
    return {**{name: value.encode() for name, value in meta.items()}, **_contents(data)}


def _contents(data: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in data.iterdir() if file.name != META}


def test_a_copy_is_what_the_tool_makes(tmp_path: Path) -> None:
    """But for its ids, and without Java; another place of the broker needs no other, another setting does."""
    jars = NEWEST.files()
    tool = [bring_java(os.environ), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", class_path(jars)]
    home = tmp_path / "home"
    made = formatted(tmp_path / "a", home, tool)
    [kept] = home.iterdir()
    copied = formatted(tmp_path / "b", home, tool, **{"node.id": "2"})
    assert [kept] == [*home.iterdir()]
    own = {"node.id", "cluster.id", "directory.id"}
    assert own == {name for name in made.keys() | copied.keys() if made.get(name) != copied.get(name)}
    assert b"2" == copied["node.id"]
    assert len(made["directory.id"]) == len(copied["directory.id"])
    formatted(tmp_path / "c", home, tool, **{"num.io.threads": "3"})
    assert 2 == len([*home.iterdir()])
