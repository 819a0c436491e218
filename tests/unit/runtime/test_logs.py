"""The log of a process: one format for machines, one for people, and lines of libraries among ours."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from runtime.logs import LogFormat, configure_logs


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """What a test sets up ends with it."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def written(log_format: LogFormat | None, level: str = "info") -> str:
    """What the log holds after a line of ours, one that is less urgent, and one of a library."""
    stream = io.StringIO()
    configure_logs(log_format, level, stream)
    structlog.get_logger().info("endpoint.delivered", endpoint="ci", events=2)
    structlog.get_logger().debug("endpoint.pass")
    logging.getLogger("library").warning("retrying in %d s", 5)
    return stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", None])
def test_a_machine_gets_one_object_a_line(log_format: LogFormat | None) -> None:
    """Also by default, where nobody looks on at a terminal."""
    [line] = [json.loads(line) for line in written(log_format).splitlines()]
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "endpoint.delivered", "endpoint": "ci", "events": 2, "level": "info"}


def test_people_get_text() -> None:
    """Without colours where no terminal shows them."""
    [line] = written("console").splitlines()
    assert "endpoint.delivered" in line
    assert "endpoint=ci" in line
    assert "\x1b" not in line


def test_lines_of_libraries_are_details() -> None:
    """Their warnings are debug lines of ours: each state has a line of its own."""
    lines = [json.loads(line) for line in written("json", "debug").splitlines()]
    assert [line["event"] for line in lines] == ["endpoint.delivered", "endpoint.pass", "library.log"]
    assert (lines[-1]["level"], lines[-1]["said"]) == ("debug", "retrying in 5 s")
