"""The files of an export that a range of times needs, told by their names: no other file has a record of the range."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from consumer.analytics.files import NamedFile, named_files
from consumer.log.record_batch import day_of
from consumer.places import Offsets, Place, moment_of, refuse_reversed
from runtime.config import End
from runtime.kafka.cluster_state import first_ms


@dataclass(frozen=True, slots=True)
class _DatedFile:
    """A file, and the day of its first record: no record in it was accepted after that day."""

    named: NamedFile
    day: int


def needed(paths: Sequence[str], from_: Place, to: Place, *, now: float) -> list[str]:
    """The paths of the files that have to be read to know all records from `from_` (included) to `to` (excluded).

    With a place that names offsets, and with a file among them whose name does not say what is in it, these are all.

    Args:
        paths: of Parquet files.
        from_: where the range begins.
        to: where it ends.
        now: seconds since the epoch, for times ago.

    Raises:
        PlaceError: the range ends before it begins.
    """
    refuse_reversed(from_, to, now=now)
    files = [_DatedFile(file, day) for file in named_files(paths) if (day := file.day) is not None]
    if isinstance(from_, Offsets) or isinstance(to, Offsets) or len(files) < len(paths):
        return list(paths)
    first = _day(moment_of(from_, now))
    last = math.inf if isinstance(to, End) else _day(moment_of(to, now))
    files.sort(key=_partition)
    found = (_between(of_partition, first, last) for _, of_partition in groupby(files, _partition))
    return [file.named.path for each in found for file in each]


def _day(moment: float) -> float:
    return moment if math.isinf(moment) else day_of(first_ms(moment))


def _partition(file: _DatedFile) -> tuple[str, int]:
    return file.named.topic, file.named.partition


def _between(of_partition: Iterable[_DatedFile], first: float, last: float) -> list[_DatedFile]:
    """From the first file that can have a record of the first day or later, to the last one before the range's end.

    The file behind them begins after the range. It tells where the range ends, which its neighbour's name tells too,
    unless the log had lost offsets between the two.
    """
    files = sorted(of_partition, key=lambda file: file.named.first)
    begin = next((at for at, file in enumerate(files) if file.day >= first), len(files))
    end = next((at for at in range(begin, len(files)) if files[at].day > last), len(files))
    if begin < end < len(files) and files[end].named.first != files[end - 1].named.last + 1:
        end += 1
    return files[begin:end]
