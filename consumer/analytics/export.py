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
from consumer.analytics.partition_files import ExportTarget, Gap, PartitionFiles
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
        target: ExportTarget,
        sources: BatchSources,
        *,
        stop: threading.Event,
        threads: int,
        progress: Progress,
    ) -> None:
        """Nothing is read yet.

        Args:
            target: where and how files are written; its directory is locked.
            sources: opens a reader for each thread.
            stop: once set, the files that are open are ended, and so is the run.
            threads: how many read and write.
            progress: shows how many records are written.
        """
        self._target = target
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
        files = {number: self._files(number, start, len(starts)) for number, start in starts.items()}
        source = self._sources.open_batches()
        try:
            self._write(source.follow(self._target.topic, starts, known), files, rolling=True)
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
                files = {number: self._files(number, span.start, open_files) for number, span in ranges.items()}
                self._write(source.read(self._target.topic, ranges), files, rolling=False)
        finally:
            source.close()

    def _write(
        self, batches: Generator[RecordBatch | None, None, None], files: dict[int, PartitionFiles], *, rolling: bool
    ) -> None:
        try:
            with closing(batches):
                self._take(batches, files, rolling=rolling)
            _close(files)
        except FailedWriteError:
            _abandon(files)
            raise
        except BridgeError:
            _close(files)  # what came before is whole
            raise
        except BaseException:
            _abandon(files)
            raise
        finally:
            self._add(files)

    def _take(self, batches: Iterable[RecordBatch | None], files: dict[int, PartitionFiles], *, rolling: bool) -> None:
        for batch in batches:
            if batch is not None:
                if batch.partition not in files:  # it was added to the topic
                    files[batch.partition] = self._files(batch.partition, 0, len(files) + 1)
                files[batch.partition].write(batch)
                self._advance(len(batch))
            for each in files.values() if rolling else ():
                each.close_if_old()
            if self._over:
                return

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self._failed.is_set()

    def _files(self, partition: int, next_offset: int, open_files: int) -> PartitionFiles:
        return PartitionFiles(self._target, partition, next_offset, open_files=open_files)

    def _advance(self, records: int) -> None:
        with self._lock:
            self._progress.advance(records)

    def _add(self, files: Mapping[int, PartitionFiles]) -> None:
        with self._lock:
            for each in files.values():
                self.summary.records += each.records
                self.summary.files += len(each.files)
                self.summary.gaps += each.gaps


def _close(files: Mapping[int, PartitionFiles]) -> None:
    for each in files.values():
        each.close()


def _abandon(files: Mapping[int, PartitionFiles]) -> None:
    for each in files.values():
        each.abandon()
