"""`registry-worker report`."""

import json
import os
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import click

from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.report import LogReport, ReportScope, page_of, report_on, text_of
from consumer.analytics.report.database import parquet_files, require_duckdb
from consumer.analytics.report.engines.names import DUCKDB, ENGINES, TRINO
from consumer.analytics.report.engines.script import engine_script
from consumer.analytics.report.questions import SOURCES, WHO_PULLS_TAG
from consumer.analytics.report.script import ScriptScope, script_of
from consumer.commands.exporting import LogExport
from consumer.commands.matching import say, warn_of_hopeless
from consumer.commands.options import PlaceType
from consumer.commands.parquet_input import parquet_input
from consumer.commands.storage import StorageType
from consumer.places import Place, TopicMissingError
from runtime.cli.options import LabelType
from runtime.config import Ago, At, Beginning, End, Settings
from runtime.config.load import load
from runtime.errors import BridgeError
from runtime.logs import LEVELS, configure_logs

_FROM: Final = "From this place in the log, included: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
_SKEW_S: Final = 60.0
_PATTERN: Final = re.compile(r"[*?\[\]{}\\]")
"""Characters that make a path a pattern, for one engine or another."""
_EXAMPLE: Final = "Example: registry-worker report -c bridge.yaml --from -720h --html report.html"


class RangeExport(Protocol):
    """Exports the log."""

    def write_range(self, directory: Path, from_: Place, to: Place) -> None:
        """Export the records from `from_` (included) to `to` (excluded) to an empty directory as Parquet."""
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
        "--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="Lowest level that is logged."
    ),
    click.option(
        "--input",
        "directory",
        type=StorageType(),
        metavar="DIR|URL",
        help="Read this export in Parquet. [the log is exported first, to a temporary directory]",
    ),
    click.option(
        "--attempts",
        "attempts",
        type=StorageType(),
        metavar="DIR|URL",
        help="Read this export of attempts too. [without --input: the topic of worker.attempts, if there is one]",
    ),
    click.option("--from", "from_", type=PlaceType(), default=Beginning(), help=_FROM),
    click.option("--to", type=PlaceType(), default=End(), help="Up to this place, which is excluded. [end]"),
    click.option(
        "--registry",
        "registries",
        type=LabelType(),
        multiple=True,
        help="Only events of the registry with this label; may be repeated.",
    ),
    click.option(
        "--repository", "repositories", multiple=True, metavar="GLOB", help="Only these repositories; may be repeated."
    ),
    click.option("--tag", metavar="T", help="Also show who pulls this tag."),
    click.option("--all", "everything", is_flag=True, help="Count signatures and the like (sha256-HEX.*) as images."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option(
        "--sql",
        "as_sql",
        is_flag=True,
        help="Print the SQL of all questions as one file; takes --engine, --input, --attempts, --tag and --all.",
    ),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default=DUCKDB,
        show_default=True,
        help="The engine that the SQL is for.",
    ),
    click.option(
        "--html",
        "page",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write a page with charts.",
    ),
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("report", epilog=_EXAMPLE)
@_options
def report_command(
    *,
    config: Path | None,
    log_format: Any,
    log_level: str,
    directory: Path | StorageAddress | None,
    attempts: Path | StorageAddress | None,
    as_json: bool,
    as_sql: bool,
    engine: str,
    page: Path | None,
    **choice: Any,
) -> int:
    """Report pulls and their clients, and unused images.

    Reads an export in Parquet, or exports the log first. Counts events, not records, and image pulls, not requests;
    docs/report.md has the rules and the SQL.
    """
    configure_logs(log_format, log_level)
    scope = ReportScope(**choice)
    if as_sql:
        _refuse_more_than_sql_takes(scope, asked_otherwise=as_json or page is not None)
        click.echo(_script(engine, directory, attempts, scope), nl=False)
        return 0
    if engine != DUCKDB:
        raise click.UsageError(f"--engine {engine} goes with --sql: a report itself is made by DuckDB")
    require_duckdb()
    warn_of_hopeless(repositories=scope.repositories, tag=scope.tag or "")
    now = time.time()
    with (
        parquet_input(directory, "", scope.from_, scope.to, now=now) as events,
        parquet_input(attempts, "--attempts ", _since(scope.from_), End(), now=now) as found,
    ):
        if events is None:
            report = _of_log(load(config, os.environ), scope, found)
        else:
            report = report_on(events, scope, now=now, attempts=found)
    _show(report, page, as_json=as_json)
    _say_unmatched(report, scope.tag)
    return 0


def _refuse_more_than_sql_takes(scope: ReportScope, *, asked_otherwise: bool) -> None:
    whole = ReportScope(tag=scope.tag, everything=scope.everything)
    if scope != whole or asked_otherwise:
        raise click.UsageError(
            "--sql takes --engine, --input, --attempts, --tag and --all only: "
            "narrow `ranges`, `wanted_registries` and `wanted` in the file"
        )


def _script(
    engine: str, directory: Path | StorageAddress | None, attempts: Path | StorageAddress | None, scope: ReportScope
) -> str:
    if engine == TRINO and (directory or attempts):
        raise click.UsageError(
            "--engine trino takes neither --input nor --attempts: Trino reads tables, name yours in the first view"
        )
    asked = ScriptScope(
        directory=_named_in_sql("--input", directory or "events"),
        tag=scope.tag,
        everything=scope.everything,
        attempts=None if attempts is None else _named_in_sql("--attempts", attempts),
    )
    return script_of(asked) if engine == DUCKDB else engine_script(engine, asked)


def _named_in_sql(option: str, directory: Path | StorageAddress | str) -> str:
    """The directory's name, if it means the same to each engine."""
    name = str(directory)
    if _PATTERN.search(name):
        raise click.UsageError(
            f"{option} {name}: engines read a path with any of * ? [ ] {{ }} \\ as a pattern; "
            "name the directory by a symbolic link without these"
        )
    return name


def _show(report: LogReport, page: Path | None, *, as_json: bool) -> None:
    if page:
        _write(page, page_of(report))
    if as_json:
        click.echo(json.dumps(report.as_json()))
    elif not page:
        click.echo(text_of(report))


def _say_unmatched(report: LogReport, tag: str | None) -> None:
    known = {row["registry"] for row in report.answers[SOURCES.name].records()}
    for label in report.asked["registries"]:
        if label not in known:
            say(f"none of these events is of --registry {label}")
    for pattern in report.unmatched:
        say(f"no repository of these events matches --repository {shlex.quote(pattern)}")
    if tag and not report.answers[WHO_PULLS_TAG.name].total:
        say(f"none of these events is a pull of --tag {shlex.quote(tag)}")


def _of_log(settings: Settings, scope: ReportScope, attempts: Sequence[Path] | None) -> LogReport:
    kept = settings.worker.attempts
    if attempts is not None or kept is None:
        return report_of_log(LogExport(settings), scope, attempts=attempts)
    with tempfile.TemporaryDirectory(prefix="registry-attempts-") as folder:
        try:
            LogExport(settings, attempts=kept.topic).write_range(Path(folder), _since(scope.from_), End())
        except TopicMissingError as error:
            say(f"nothing is said about attempts: {error}")
            return report_of_log(LogExport(settings), scope)
        return report_of_log(LogExport(settings), scope, attempts=parquet_files(Path(folder)))


def _since(from_: Place) -> Place:
    """Where the attempts begin at events from this place on: none is earlier than its event, by nearly equal clocks."""
    match from_:
        case At(epoch_s=moment):
            return At(moment - _SKEW_S)
        case Ago(seconds=seconds):
            return Ago(seconds + _SKEW_S)
        case _:
            return Beginning()


def report_of_log(export: RangeExport, scope: ReportScope, *, attempts: Sequence[Path] | None = None) -> LogReport:
    """Export the range of the scope, and report on all of it; `attempts` are files of an export of attempts."""
    with tempfile.TemporaryDirectory(prefix="registry-export-") as folder:
        export.write_range(Path(folder), scope.from_, scope.to)
        whole = replace(scope, from_=Beginning(), to=End())
        return report_on(parquet_files(Path(folder)), whole, now=time.time(), attempts=attempts)


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
