"""Exporting a range of the log to files, with a bar on a terminal; a signal stops it in order.

`export` does it on request; `report` does it first when it is given no export.
"""

import asyncio
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import click
import structlog

from consumer.analytics.directory import LocalDirectory
from consumer.analytics.export import Export, ExportSummary
from consumer.analytics.file_output import FileOutput
from consumer.analytics.files import Covered, awaited, covered_by
from consumer.analytics.formats import ExportFormat, attempts_format, format_named
from consumer.analytics.output import ExportOutput
from consumer.analytics.partition_files import ExportTarget
from consumer.analytics.plan import ExportPlan, plan_of
from consumer.commands.progress import shown
from consumer.operations.log_view import LogView
from consumer.places import Place
from runtime.cli.running import run_service
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.counts import counted
from runtime.deadline import CLOSE_GRACE_S
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

_CLIENT_ID: Final = "registry-worker-export"
_MOST_THREADS: Final = 4
_NO_ANSWER: Final = "Kafka or the output does not answer"
_BROKEN_OFF: Final = "the files that were open are left out; run it again to continue"


class LogExport:
    """Exports the events topic, or the topic of attempts."""

    def __init__(self, settings: Settings, *, attempts: str | None = None) -> None:
        """Does not reach out yet; `attempts` is the topic of attempts if that is what is exported."""
        self._view: Final = LogView(
            settings, client_id=_CLIENT_ID, clock=SystemClock(), resolves_schemas=attempts is None
        )
        self.topic: Final = attempts or settings.topics.events
        self._is_of_attempts: Final = attempts is not None
        self._close_s: Final = settings.worker.drain_s + CLOSE_GRACE_S

    def format_named(self, name: str) -> ExportFormat:
        """The format of the files.

        Raises:
            ExtraMissingError: it needs packages that are not installed.
        """
        return attempts_format() if self._is_of_attempts else format_named(name)

    def planned(self, target: ExportTarget, from_: Place | None, to: Place) -> tuple[FileOutput, ExportPlan]:
        """The offsets that are still to be exported to these files, and what writes them; raises as `plan_of` does.

        Raises:
            OutputError: two files hold the same offsets.
        """
        paths = target.storage.paths()
        due = awaited(target.storage.announced(), paths, self.topic, target.format_name)
        covered = covered_by(paths, self.topic, target.format_name)
        plan = plan_of(self._view.log, self.topic, covered, from_, to, now=self._view.clock.wall(), awaited=due)
        return FileOutput(replace(target, awaited=due)), plan

    def plan(self, covered: Mapping[int, Covered], from_: Place | None, to: Place) -> ExportPlan:
        """The offsets that are still to be exported where these are already; raises as `plan_of` does."""
        return plan_of(self._view.log, self.topic, covered, from_, to, now=self._view.clock.wall())

    def topic_id(self) -> str | None:
        """The id that Kafka gave the topic; None if it gives none, or there is no such topic."""
        return self._view.log.topic_id(self.topic)

    def run(self, output: ExportOutput, plan: ExportPlan, *, follow: bool = False) -> ExportSummary:
        """Export what is planned, and if asked, what comes in until a signal; gaps are named on standard error.

        Raises:
            BridgeError: Kafka cannot be read, or files cannot be written.
        """
        stop = threading.Event()
        with shown(sum(map(len, plan.ranges.values())), "exporting") as progress:
            threads = max(1, min(_MOST_THREADS, os.cpu_count() or 1))
            export = Export(output, self._view, stop=stop, threads=threads, progress=progress)

            async def service(stopping: asyncio.Event) -> int:
                exporting = asyncio.ensure_future(beside(partial(_run, export, plan, stop, follow=follow)))
                await _until_stopped(stopping, exporting)
                stop.set()
                _, late = await asyncio.wait((exporting,), timeout=self._close_s)
                if late:
                    _log.warning("export.broken_off", reason=_NO_ANSWER, consequence=_BROKEN_OFF)
                    export.summary.stopped = True
                else:
                    exporting.result()
                return 0

            try:
                run_service(service)
            finally:
                for gap in export.summary.gaps:
                    click.echo(printable(f"gap: {gap}"), err=True)
        return export.summary

    def write_range(self, directory: Path, from_: Place, to: Place) -> None:
        """Export the records from `from_` (included) to `to` (excluded) to an empty directory as Parquet.

        Raises:
            BridgeError: Kafka cannot be read, or files cannot be written.
            click.Abort: it was interrupted.
        """
        target = ExportTarget(LocalDirectory(directory), self.topic, "parquet", self.format_named("parquet"))
        if self.run(*self.planned(target, from_, to)).stopped:
            raise click.Abort


async def _until_stopped(stopping: asyncio.Event, exporting: "asyncio.Future[None]") -> None:
    """Return at a signal, or when the export has ended."""
    signal = asyncio.create_task(stopping.wait())
    await asyncio.wait((signal, exporting), return_when=asyncio.FIRST_COMPLETED)
    signal.cancel()


def _run(export: Export, plan: ExportPlan, stop: threading.Event, *, follow: bool) -> None:
    following = export.run(plan)
    if follow and not stop.is_set():
        export.follow(following, plan.known)


def say_filled(plan: ExportPlan) -> None:
    """Name the partitions that go on before `--from`."""
    if plan.filled:
        numbers = ", ".join(map(str, plan.filled))
        click.echo(
            f"partitions {numbers} continue where the last export ended, before --from, because an export has no gaps",
            err=True,
        )


def finished(summary: ExportSummary, place: str, *, follow: bool) -> int:
    """Say what was written, and where; the exit status. A run that was stopped before the end says so."""
    click.echo(f"{counted(summary.records, 'record')} in {counted(summary.files, 'file')}: {place}")
    if summary.stopped and not follow:
        click.echo("stopped before the end; run it again to continue", err=True)
        return 1
    return 0
