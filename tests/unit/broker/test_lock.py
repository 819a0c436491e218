"""Lock files of Java programs: what they say, and what is no lock."""

from pathlib import Path

import pytest

from broker import KAFKA_3_9, NEWEST, LocalKafkaError, Program
from broker.lock import Coordinate, Lock, LockedFile, parse, read
from tests.kit.apicurio.program import PROGRAM as APICURIO
from tests.kit.connect import PROGRAM as CONNECT

JAR = Coordinate("org.example.group", "name", "1.2")
ARCHIVE = Coordinate("org.example", "name", "1.2", "tar.gz", "all")
LOCK = Lock((JAR, ARCHIVE), (LockedFile(ARCHIVE, 9, "f" * 64), LockedFile(JAR, 1, "0" * 64)))


@pytest.mark.parametrize(
    ("coordinate", "text", "path"),
    [
        (JAR, "org.example.group:name:1.2", "org/example/group/name/1.2/name-1.2.jar"),
        (ARCHIVE, "org.example:name:tar.gz:all:1.2", "org/example/name/1.2/name-1.2-all.tar.gz"),
    ],
)
def test_coordinate(coordinate: Coordinate, text: str, path: str) -> None:
    """A coordinate is read as it is written, and says where a Maven repository keeps its file."""
    assert coordinate == Coordinate.parse(text)
    assert text == str(coordinate)
    assert Path(path) == coordinate.path


@pytest.mark.parametrize("text", ["", "a", "a:b", "a:b:", ":b:c", "a:b:c:d", "a:b::d:e", "a:b:c:d:e:f"])
def test_no_coordinate(text: str) -> None:
    """What is no coordinate is refused with its text."""
    with pytest.raises(ValueError, match=rf"^{text!r} is no coordinate: write GROUP:ARTIFACT:VERSION$"):
        Coordinate.parse(text)


def test_a_lock_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Writing and reading again gives the same lock."""
    (tmp_path / "lock.toml").write_text(LOCK.rendered())
    assert read(tmp_path / "lock.toml") == LOCK


@pytest.mark.parametrize(
    "text",
    ["[", "", 'wanted = ["a"]', "wanted = 1", '[files]\n"a:b:c" = 1\nwanted = []', "wanted = []\nfiles = 1"],
)
def test_a_damaged_lock_is_told(tmp_path: Path, text: str) -> None:
    """What is no lock is one line that names the file and what to do."""
    path = tmp_path / "lock.toml"
    path.write_text(text)
    with pytest.raises(LocalKafkaError, match=rf"^{path} is damaged \(.*\): run `make lock`$"):
        parse(path)


def test_a_lock_that_is_older_than_what_it_wants_is_told(tmp_path: Path) -> None:
    """A version that was changed by hand is not used before it is locked."""
    path = tmp_path / "lock.toml"
    path.write_text(LOCK.rendered().replace(f'"{JAR}",', '"org.example.group:name:1.3",', 1))
    with pytest.raises(LocalKafkaError, match=r"wants org\.example\.group:name:1\.3 and does not lock it: run"):
        read(path)


@pytest.mark.parametrize("program", [NEWEST, KAFKA_3_9, CONNECT, APICURIO], ids=lambda program: program.lock.name)
def test_ours_are_of_one_version(program: Program) -> None:
    """All of Kafka's own jars in a lock have Kafka's version: another one's wishes for them must not count."""
    lock = read(program.lock)
    group = lock.wanted[0].group
    assert {program.version} == {one.coordinate.version for one in lock.files if one.coordinate.group == group}
    assert lock.files == tuple(sorted(lock.files))
