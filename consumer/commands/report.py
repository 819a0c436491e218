"""`registry-worker report`."""

import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import click

from consumer.analytics.report import Asked, InputError, Report, page_of, report_on, text_of
from consumer.analytics.report.database import parquet_files, require_duckdb
from consumer.analytics.report.questions import WHO_PULLS_TAG
from consumer.commands.matching import say, warn_of_hopeless
from consumer.commands.options import PlaceType
from consumer.places import Place
from runtime.config import Beginning, End, Settings
from runtime.config.load import load
from runtime.errors import BridgeError
from runtime.logs import LEVELS, configure_logs

_FROM: Final = "From this place in the log, included: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
_EXAMPLE: Final = "Example: registry-worker report -c bridge.yaml --from -720h --html report.html"


class ExportTo(Protocol):
    """Who can write a range of the log to a directory as Parquet."""

    def __call__(self, settings: Settings, directory: Path, from_: Place, to: Place) -> None:
        """Export the records from `from_` (included) to `to` (excluded)."""
        ...


class PageError(BridgeError):
    """The page cannot be written where it was asked for."""


# Not `common_options`: a report of an export that is there needs neither Kafka nor a configuration.
_OPTIONS: Final = (
    click.option("-c", "--config", type=click.Path(path_type=Path), help="Configuration file [bridge.yaml]."),
    click.option(
        "--log-format",
        type=click.Choice(["console", "json"]),
        help="Format of the log.  [console on a terminal, else json]",
    ),
    click.option(
        "--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="Least urgent lines to log."
    ),
    click.option(
        "--input",
        "directory",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Read this export in Parquet. [the log is exported first, to a temporary directory]",
    ),
    click.option("--from", "from_", type=PlaceType(), default=Beginning(), help=_FROM),
    click.option("--to", type=PlaceType(), default=End(), help="Up to this place, which is excluded. [end]"),
    click.option(
        "--repository", "repositories", multiple=True, metavar="GLOB", help="Only these repositories; may be repeated."
    ),
    click.option("--tag", metavar="T", help="Also show who pulls this tag."),
    click.option("--all", "everything", is_flag=True, help="Count signatures and the like (sha256-HEX.*) as images."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option(
        "--html",
        "page",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write a page with charts.",
    ),
)


def report_command_with(export_to: ExportTo) -> click.Command:
    """The command; `export_to` is what it exports with when it is given no export."""

    def report(
        *,
        config: Path | None,
        log_format: Any,
        log_level: str,
        directory: Path | None,
        as_json: bool,
        page: Path | None,
        **choice: Any,
    ) -> int:
        """Report what is pulled and by whom, and what is unused.

        Reads an export in Parquet, or exports the log first. Counts events, not records, and image pulls, not requests;
        docs/report.md has the rules and the SQL.
        """
        configure_logs(log_format, log_level)
        require_duckdb()
        asked = Asked(**choice)
        warn_of_hopeless(repositories=asked.repositories, tag=asked.tag or "")
        found = _of_export(directory, asked) if directory else _of_log(load(config, os.environ), asked, export_to)
        _show(found, page, as_json=as_json)
        _say_unmatched(found, asked.tag)
        return 0

    decorated: Callable[..., Any] = report
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return click.command("report", epilog=_EXAMPLE)(decorated)


def _show(report: Report, page: Path | None, *, as_json: bool) -> None:
    if page:
        _write(page, page_of(report))
    if as_json:
        click.echo(json.dumps(report.as_json()))
    elif not page:
        click.echo(text_of(report))


def _say_unmatched(report: Report, tag: str | None) -> None:
    for pattern in report.unmatched:
        say(f"no repository of these events matches --repository {shlex.quote(pattern)}")
    if tag and not report.answers[WHO_PULLS_TAG.name].total:
        say(f"none of these events is a pull of --tag {shlex.quote(tag)}")


def _of_export(directory: Path, asked: Asked) -> Report:
    files = parquet_files(directory)
    if not files:
        raise InputError(f"{directory} holds no Parquet files (registry-worker export --format parquet writes them)")
    return report_on(files, asked, now=time.time())


def _of_log(settings: Settings, asked: Asked, export_to: ExportTo) -> Report:
    """Export what was asked for, and report on all of it: the range is the export's."""
    with tempfile.TemporaryDirectory(prefix="registry-export-") as folder:
        export_to(settings, Path(folder), asked.from_, asked.to)
        whole = Asked(repositories=asked.repositories, tag=asked.tag, everything=asked.everything)
        return report_on(parquet_files(Path(folder)), whole, now=time.time())


def _write(page: Path, text: str) -> None:
    """The page whole or not at all, and where it is on stderr."""
    unfinished = page.with_name(f".{page.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, "utf-8")
        unfinished.replace(page)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise PageError(f"{page}: {error.strerror}") from None
    if sys.stderr.isatty():
        click.echo(f"{page} written", err=True)
