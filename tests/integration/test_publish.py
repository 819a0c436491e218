"""`registry-bridge publish` on a real Kafka: what it takes, what it refuses by line, and what it says."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from broker import LocalKafka
from schemas.avro import decode
from tests.kit.bridge import Installation
from tests.kit.notifications import envelope, event_json
from tests.kit.paths import FAULTS
from tests.kit.topics import read

pytestmark = pytest.mark.kafka


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Installation:
    """An installation of one partition, so that the topic's order is the input's."""
    return Installation(kafka.bootstrap, topic, tmp_path, partitions=1)


def ids(kafka: LocalKafka, topic: str) -> list[str | None]:
    """The ids in the topic, in order."""
    return [record.header("ce_id") for record in read(kafka, topic)]


def bare(number: int) -> bytes:
    """A bare event on one line."""
    return json.dumps(event_json("library/app", number)).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"\n".join(bare(number) for number in range(4)),
        b"\n\n".join(bare(number) for number in range(4)) + b"\r\n\n",
        envelope(*(event_json("library/app", number) for number in range(4))),
        envelope(event_json("library/app", 0)) + b"\n" + envelope(*(event_json("library/app", n) for n in (1, 2, 3))),
        json.dumps(event_json("library/app", 0), indent=2).encode() + b"".join(bare(number) for number in (1, 2, 3)),
    ],
)
def test_takes_envelopes_and_bare_events(setup: Installation, kafka: LocalKafka, topic: str, content: bytes) -> None:
    """Envelopes or bare events, whole files or one per line, go in in order, and the count is said."""
    file = setup.folder / "events.json"
    file.write_bytes(content)
    done = setup.run_bridge("publish", str(file))
    assert (0, "4 events acknowledged\n") == (done.code, done.stdout)
    assert [f"library-app-{number}" for number in range(4)] == ids(kafka, topic)


def test_reads_standard_input(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """Without a file, or with `-`, standard input is read; label and Content-Type are as the options say."""
    options = ["--registry", "eu", "--content-type", "application/json"]
    assert setup.run_bridge("publish", *options, stdin=bare(0)).code == 0
    assert setup.run_bridge("publish", *options, "-", stdin=bare(1) + b"\n").code == 0
    found = [decode(record.value, record.header("schema-fingerprint")) for record in read(kafka, topic)]
    assert ["library-app-0", "library-app-1"] == [event.id for event in found]
    assert {("eu", "application/json")} == {(event.registry, event.content_type) for event in found}


def test_reads_pipes(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """A pipe that has a name, as `<(zcat events.jsonl.gz)` makes one, is read like a file."""
    pipe = setup.folder / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(pipe.write_bytes, bare(0) + b"\n" + bare(1))
        assert setup.run_bridge("publish", str(pipe)).code == 0
        written.result()
    assert ["library-app-0", "library-app-1"] == ids(kafka, topic)


def test_names_what_it_refuses(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """A line that is no event is named by file and line on stderr; the rest goes in, and the exit is 1."""
    file = setup.folder / "events.jsonl"
    file.write_bytes(b"\n".join([bare(0), b'{"neither": 1}', b"not json", b'{"events": 7}', b"\xff", bare(1)]))
    done = setup.run_bridge("publish", str(file))
    assert (1, "2 events acknowledged, 4 refused\n") == (done.code, done.stdout)
    refused = [line for line in done.stderr.splitlines() if str(file) in line]
    assert [f"{file}:{line}" for line in (2, 3, 4, 5)] == [line.split(": ")[1] for line in refused]
    assert ["library-app-0", "library-app-1"] == ids(kafka, topic)


def test_takes_what_stands_behind_a_cut_line(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """A log that rotation cut in its first line: that line is refused by name, the five behind it go in, exit 1."""
    file = FAULTS / "cut-first-line.ndjson"
    done = setup.run_bridge("publish", str(file))
    assert (1, "5 events acknowledged, 1 refused\n") == (done.code, done.stdout)
    [refused] = [line for line in done.stderr.splitlines() if str(file) in line]
    assert f"{file}:1: line 1 column 1: not JSON" in refused
    assert [f"00000000-0000-7000-8000-{number:012}" for number in range(2, 7)] == ids(kafka, topic)


def test_takes_the_examples(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """The example of the command's help works as it stands, in a clone of the project."""
    named = re.findall(
        r"^ *Example: registry-bridge (publish .+)$", setup.run_bridge("publish", "--help").stdout, re.MULTILINE
    )
    [arguments] = [line.split() for line in named]
    done = setup.run_bridge(*arguments)
    assert (0, "6 events acknowledged\n") == (done.code, done.stdout), done.stderr
    assert 6 == len(ids(kafka, topic))


def test_takes_a_byte_order_mark(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """A file with UTF-8's byte order mark, as Windows' programs write it, is read as if it had none."""
    done = setup.run_bridge("publish", str(FAULTS / "byte-order-mark.json"))
    assert (0, "1 event acknowledged\n") == (done.code, done.stdout), done.stderr
    assert ["00000000-0000-7000-8000-000000000001"] == ids(kafka, topic)


def test_many_events(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """More events than one write takes are all in, in order, once."""
    file = setup.folder / "events.jsonl"
    file.write_bytes(b"\n".join(bare(number) for number in range(2345)))
    assert setup.run_bridge("publish", str(file)).stdout == "2345 events acknowledged\n"
    assert [f"library-app-{number}" for number in range(2345)] == ids(kafka, topic)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/nowhere/events.json"], "/nowhere/events.json cannot be read: No such file or directory"),
        (["/"], "/ cannot be read: Is a directory"),
        (
            ["--content-type", "text/plain"],
            "'text/plain' is not one of application/vnd.docker.distribution.events.v1+json",
        ),
        (["--registry", "No Label"], "No Label"),
        (["--unknown"], "--unknown"),
    ],
)
def test_wrong_use_is_exit_2(setup: Installation, arguments: list[str], says: str) -> None:
    """Wrong use ends with exit 2 and one line."""
    done = setup.run_bridge("publish", *arguments)
    assert (2, "", 1) == (done.code, done.stdout, len(done.stderr.splitlines()))
    assert says in done.stderr


def test_nothing_to_publish(setup: Installation, kafka: LocalKafka, topic: str) -> None:
    """Empty input is no fault."""
    done = setup.run_bridge("publish", stdin=b" \n\n")
    assert (0, "0 events acknowledged\n") == (done.code, done.stdout)
    assert [] == ids(kafka, topic)
