"""The Parquet files that a report reads: of a directory, or of a bucket, from which the needed ones are downloaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from consumer.analytics.needed_files import needed
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.downloads import downloaded
from consumer.analytics.report import InputError
from consumer.analytics.report.database import parquet_files
from consumer.places import Place


@contextmanager
def parquet_input(
    address: Path | StorageAddress | None, option: str, from_: Place, to: Place, *, now: float
) -> Iterator[list[Path] | None]:
    """The Parquet files at an address; those of object storage are here for the time being. None: no address.

    Args:
        address: of an export.
        option: of the export that writes such files, with a space behind it; empty if it needs none.
        from_: what comes before this place need not be downloaded.
        to: nor what comes from this one on.
        now: seconds since the epoch, for times ago.

    Raises:
        InputError: there are none.
        PlaceError: `from_` lies behind `to`.
        BridgeError: they cannot be had.
    """
    if address is None:
        yield None
    elif isinstance(address, StorageAddress):
        with downloaded(address, partial(needed, from_=from_, to=to, now=now)) as folder:
            yield parquet_files(folder)
    elif found := parquet_files(address):
        yield found
    else:
        writes = f"registry-worker export {option}--format parquet writes them"
        raise InputError(f"{address} holds no Parquet files ({writes})")
