"""The export: partitions read in bulk by a few threads, each record written once; then, if asked, what comes in.

Knows neither Kafka's client nor a file format. Exactly once by construction: a partition is written in offset order by
one thread, a file has its name only when it is whole, and the next run goes on behind the last name.
"""

import math
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final, Protocol

from consumer.analytics.files import FailedWriteError
from consumer.analytics.gaps import Gap
from consumer.analytics.output import BatchWriter, ExportOutput
from consumer.analytics.plan import ExportPlan
from consumer.log.record_batch import RecordBatch
from runtime.errors import BridgeError
from runtime.progress import Progress
from runtime.side_threads import SideThreads

_AT_ONCE: Final = 4
"""Partitions that one thread reads at the same time, at most: their row groups share the memory."""


class BatchSource(Protocol):
    """A reader of a topic in bulk; belongs to one thread."""

    def read(self, topic: str, ranges: Mapping[int, range]) -> Generator[RecordBatch | None, None, None]:
        """The records of these ranges; None whenever nothing came for a moment."""
        ...

    def follow(
        self, topic: str, starts: Mapping[int, int], known: int | None
    ) -> Generator[RecordBatch | None, None, None]:
        """The records from these offsets on, without end; of partitions beyond the `known` ones, if any, all."""
        ...

    def close(self) -> None:
        """Let the client go."""
        ...


class BatchSources(Protocol):
    """Opens a reader for each thread of an export."""

    def open_batches(self) -> BatchSource:
        """Open one; whoever asked for it closes it."""
        ...


@dataclass(slots=True)
class ExportSummary:
    """Counts of one run: records, files, gaps."""

    records: int = 0
    files: int = 0
    gaps: list[Gap] = field(default_factory=list)
    stopped: bool = False
    """Whether it was stopped before the end."""


class Export:
    """One run of an export."""

    def __init__(
        self,
        output: ExportOutput,
        sources: BatchSources,
        *,
        stop: threading.Event,
        threads: int,
        progress: Progress,
    ) -> None:
        """Nothing is read yet.

        Args:
            output: where they are written to.
            sources: opens a reader for each thread.
            stop: once set, the files that are open are ended, and so is the run.
            threads: how many read and write.
            progress: shows how many records are written.
        """
        self._output = output
        self._sources = sources
        self._stop = stop
        self._threads = threads
        self._progress = progress
        self._lock = threading.Lock()
        self._failed = threading.Event()
        self.summary: Final = ExportSummary()

    def run(self, plan: ExportPlan) -> dict[int, int]:
        """Export the ranges; returns the next offset of each partition.

        Raises:
            BridgeError: it could not go on; all files that have their name are whole.
        """
        self.summary.gaps += plan.gaps
        due = sorted((n for n in plan.ranges if plan.ranges[n]), key=lambda n: -len(plan.ranges[n]))
        following = {number: span.stop for number, span in plan.ranges.items()}
        size = min(_AT_ONCE, math.ceil(len(due) / (2 * self._threads))) or 1
        lots = [{n: plan.ranges[n] for n in due[at : at + size]} for at in range(0, len(due), size)]
        if lots:
            self._run(lots, size)
        self.summary.stopped = self._stop.is_set()
        return following

    def follow(self, starts: Mapping[int, int], known: int | None) -> None:
        """Export what comes in, until told to stop; of partitions that are added to the `known` ones, if any, all.

        Raises:
            BridgeError: it could not go on; all files that have their name are whole.
        """
        writer = self._output.begin(starts, len(starts))
        source = self._sources.open_batches()
        try:
            self._write(source.follow(self._output.topic, starts, known), writer, rolling=True)
        finally:
            source.close()

    def _run(self, lots: Sequence[Mapping[int, range]], size: int) -> None:
        threads = min(self._threads, len(lots))
        waiting = iter(lots)
        pool = SideThreads(threads, "export")
        lanes = [pool.submit(self._lane, waiting, threads * size) for _ in range(threads)]
        for lane in as_completed(lanes):
            if lane.exception() is not None:
                self._failed.set()  # the others end their files
        for lane in lanes:
            lane.result()

    def _lane(self, waiting: Iterator[Mapping[int, range]], open_files: int) -> None:
        source = self._sources.open_batches()
        try:
            while not self._over:
                with self._lock:
                    ranges = next(waiting, None)
                if ranges is None:
                    return
                writer = self._output.begin({number: span.start for number, span in ranges.items()}, open_files)
                self._write(source.read(self._output.topic, ranges), writer, rolling=False)
        finally:
            source.close()

    def _write(self, batches: Generator[RecordBatch | None, None, None], writer: BatchWriter, *, rolling: bool) -> None:
        try:
            with closing(batches):
                self._take(batches, writer, rolling=rolling)
            writer.close()
        except FailedWriteError:
            writer.abandon()
            raise
        except BridgeError:
            writer.close()  # what came before is whole
            raise
        except BaseException:
            writer.abandon()
            raise
        finally:
            self._add(writer)

    def _take(self, batches: Iterable[RecordBatch | None], writer: BatchWriter, *, rolling: bool) -> None:
        for batch in batches:
            if batch is not None:
                writer.write(batch)
                self._advance(len(batch))
            if rolling:
                writer.close_if_old()
            if self._over:
                return

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self._failed.is_set()

    def _advance(self, records: int) -> None:
        with self._lock:
            self._progress.advance(records)

    def _add(self, writer: BatchWriter) -> None:
        with self._lock:
            self.summary.records += writer.records
            self.summary.files += writer.files
            self.summary.gaps += writer.gaps
