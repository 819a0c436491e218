"""Logs by structlog: JSON for machines, console for people; one line per thing that an operator would act on."""

import logging
import sys
from typing import Any, Final, Literal, TextIO

import structlog

LogFormat = Literal["console", "json"]
LEVELS: Final = ("debug", "info", "warning", "error")


def configure_logs(log_format: LogFormat | None, level: str, stream: TextIO | None = None) -> None:
    """Set up logging for this process.

    Args:
        log_format: None chooses console on a terminal and JSON elsewhere.
        level: one of `LEVELS`; less urgent lines are not written.
        stream: standard error if not given; standard output belongs to what a command prints.
    """
    out = stream or sys.stderr
    chosen = log_format or ("console" if out.isatty() else "json")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(chosen, colours=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(out),
    )
    _route_libraries()


def _rendering(chosen: LogFormat, *, colours: bool) -> list[Any]:
    if chosen == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    return [structlog.dev.ConsoleRenderer(colors=colours)]


class _ToStructlog(logging.Handler):
    """Lines of libraries, as ours: their warnings are details to us, since each state has a line of our own."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).debug("library.log", said=record.getMessage())


def _route_libraries() -> None:
    root = logging.getLogger()
    root.handlers[:] = [_ToStructlog()]
    root.setLevel(logging.WARNING)
