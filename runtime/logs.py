"""Logs by structlog: JSON for machines, console for people; one line per thing that an operator would act on.

Values may come from whoever can reach the process: in both formats they show on a terminal and do nothing there.
"""

import logging
import sys
from collections.abc import MutableMapping
from enum import Enum
from typing import Any, Final, Literal, TextIO

import structlog

from runtime.cli.terminal import printable

LogFormat = Literal["console", "json"]
LEVELS: Final = ("debug", "info", "warning", "error")
_EVENT: Final = "event"
_EXCEPTION: Final = "exception"


def configure_logs(
    log_format: LogFormat | None, level: str, stream: TextIO | None = None, *, process: int | None = None
) -> None:
    """Set up logging for this process.

    Args:
        log_format: None chooses console on a terminal and JSON elsewhere.
        level: one of `LEVELS`; less urgent lines are not written.
        stream: standard error if not given; standard output belongs to what a command prints.
        process: the number of this process among several of one command; each line has it.
    """
    out = stream or sys.stderr
    chosen = log_format or ("console" if out.isatty() else "json")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if process is None else [_Numbered(process)]),
            _by_value,
            *_rendering(chosen, colours=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(out),  # one write a line: several processes may share the stream
    )
    _route_libraries()


def _rendering(chosen: LogFormat, *, colours: bool) -> list[Any]:
    if chosen == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    renderer = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    return [structlog.processors.format_exc_info, _printable, renderer]


class _Numbered:
    """Adds the number of the process to each line."""

    def __init__(self, process: int) -> None:
        self._process = process

    def __call__(self, _logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["process"] = self._process
        return line


def _by_value(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A member of an enumeration is its value to whoever reads the log: 400, and not HTTPStatus.BAD_REQUEST."""
    for name, value in line.items():
        if isinstance(value, Enum):
            line[name] = value.value
    return line


class _Shown:
    """A value by its representation, in which every character that is not printable stands as its escape."""

    def __init__(self, value: object) -> None:
        self._text = printable(repr(value))

    def __repr__(self) -> str:
        return self._text


def _printable(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what is not printable, in the line and in the traceback below it, which keeps its own line ends.

    The traceback is indented: nothing that an exception says can pass for a line of the log.
    """
    for name, value in line.items():
        if name == _EXCEPTION:
            line[name] = "\n".join(f"  {printable(text)}" for text in str(value).split("\n"))
        elif name == _EVENT:
            line[name] = printable(str(value))
        elif not (isinstance(value, str) and value.isprintable()):
            line[name] = _Shown(value)
    return line


class _ToStructlog(logging.Handler):
    """Lines of libraries, as ours: their warnings are details to us, since each state has a line of our own."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).debug("library.log", said=record.getMessage())


def _route_libraries() -> None:
    root = logging.getLogger()
    root.handlers[:] = [_ToStructlog()]
    root.setLevel(logging.WARNING)
