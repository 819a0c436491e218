"""The log of a process: one format for machines, one for people, and lines of libraries among ours."""

import io
import json
import logging
from collections.abc import Iterator
from http import HTTPStatus

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


@pytest.mark.parametrize(("log_format", "shows"), [("console", "status=400 "), ("json", '"status": 400')])
def test_a_member_of_an_enumeration_is_its_value(log_format: LogFormat, shows: str) -> None:
    """The number of a status, whatever the code calls it."""
    stream = io.StringIO()
    configure_logs(log_format, "info", stream)
    structlog.get_logger().info("refused", status=HTTPStatus.BAD_REQUEST, to="them")
    assert shows in stream.getvalue()


HOSTILE = "\x1b[31m\x07\r\n\x7f\x9b\u202e\u2028\ud800"
"""Colours, a bell, line ends of all kinds, a C1 control, a turn of the writing direction, what is no text at all."""


SAID = f"said {HOSTILE}"


class Foreign:
    """An object that represents itself as it likes."""

    def __repr__(self) -> str:
        return f"<{HOSTILE}>"


def written_of_hostile_things(log_format: LogFormat) -> str:
    """What the log holds after lines with everything that others can put into them."""
    stream = io.StringIO()
    configure_logs(log_format, "debug", stream)
    log = structlog.get_logger()
    log.info(SAID, path=f"/{HOSTILE}", listed=[HOSTILE], foreign=Foreign(), count=3, none=None)
    logging.getLogger("library").warning("said %s", HOSTILE)
    log.error("failed", exc_info=ValueError(HOSTILE, KeyError(Foreign())))
    return stream.getvalue()


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_nothing_that_others_say_reaches_the_terminal_raw(log_format: LogFormat) -> None:
    """Not in values and not in tracebacks; line ends are only ours."""
    text = written_of_hostile_things(log_format)
    assert "".join(text.split("\n")).isprintable()
    assert r"\u202e" in text


def test_every_line_of_the_console_that_is_no_line_of_the_log_is_indented() -> None:
    """So that an exception cannot write a line of its own into the log."""
    stream = io.StringIO()
    configure_logs("console", "info", stream)
    error = ValueError("first\n2026-01-01T00:00:00Z [info] forged")
    structlog.get_logger().error("failed", count=3, words="two words", path="/events", exc_info=error)
    first, *traceback = stream.getvalue().splitlines()
    assert "failed" in first
    assert first.endswith("count=3 path=/events words='two words'")
    assert "  2026-01-01T00:00:00Z [info] forged" in traceback
    assert all(line.startswith("  ") for line in traceback)


def test_lines_of_libraries_are_details() -> None:
    """Their warnings are debug lines of ours: each state has a line of its own."""
    lines = [json.loads(line) for line in written("json", "debug").splitlines()]
    assert [line["event"] for line in lines] == ["endpoint.delivered", "endpoint.pass", "library.log"]
    assert (lines[-1]["level"], lines[-1]["said"]) == ("debug", "retrying in 5 s")
