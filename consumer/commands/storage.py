"""Where files of an export are: a directory, or a bucket with a prefix."""

from pathlib import Path
from typing import Any

import click

from consumer.analytics.directory import LocalDirectory
from consumer.analytics.objects.address import AddressError, StorageAddress, read_address
from consumer.analytics.objects.object_storage import ObjectStorageOutput
from consumer.analytics.storage import HoldableStorage


class StorageType(click.ParamType[Path | StorageAddress]):
    """A directory that is there, or the address of a bucket with a prefix."""

    name = "DIR|URL"
    _directory = click.Path(exists=True, file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | StorageAddress:
        """Read an address.

        Raises:
            click.BadParameter: it is none, or its directory is missing.
        """
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            address = read_address(value)
        except AddressError as error:
            self.fail(str(error), param, ctx)
        return address if isinstance(address, StorageAddress) else self._directory.convert(str(address), param, ctx)


def storage_at(address: Path | StorageAddress, lease_s: float) -> HoldableStorage:
    """The storage at an address.

    Raises:
        ExtraMissingError: object storage needs a package that is not installed.
        StorageError: the environment does not say enough.
    """
    if isinstance(address, StorageAddress):
        return ObjectStorageOutput(address, lease_s=lease_s)
    return LocalDirectory(address)
