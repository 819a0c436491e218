"""The catalog that `--catalog` names: of pyiceberg's own configuration, or at a URI."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NotInstalledError

from consumer.analytics.iceberg.errors import UnfitTableError, line_of, told

_SCHEMES: Final = ("sqlite:", "postgresql", "http://", "https://", "thrift://")


@dataclass(frozen=True, slots=True)
class CatalogName:
    """A catalog as the command line names it: NAME, or NAME=URI."""

    name: str
    uri: str | None

    @classmethod
    def read(cls, text: str) -> "CatalogName":
        """The catalog that a text names.

        Raises:
            UnfitTableError: it names none.
        """
        name, separator, uri = text.partition("=")
        if not name or (separator and not uri.startswith(_SCHEMES)):
            raise UnfitTableError(
                f"--catalog {name}{separator}...: write NAME for a catalog of pyiceberg's configuration, "
                "NAME=sqlite:////PATH, NAME=postgresql+psycopg2://HOST/DATABASE, NAME=http://HOST/PATH"
            )
        return cls(name, uri or None)


def opened(of: CatalogName, warehouse: str | None) -> Catalog:
    """The catalog, asked for nothing yet but what its own library asks at the start.

    Raises:
        UnfitTableError: the configuration does not suffice, or a package for this kind of catalog is missing.
        TableError: it does not answer.
    """
    given = {"uri": of.uri, "warehouse": None if warehouse is None else location(warehouse)}
    with told(f"catalog {of.name}"):
        try:
            return load_catalog(of.name, **{key: value for key, value in given.items() if value is not None})
        except NotInstalledError as error:  # says itself which package it needs
            raise UnfitTableError(f"catalog {of.name}: {error}") from None
        except ValueError as error:
            raise UnfitTableError(f"catalog {of.name}: {line_of(error)}") from error


def location(warehouse: str) -> str:
    """A warehouse as Iceberg names it: a directory of this machine as a URL."""
    return warehouse if "://" in warehouse else Path(warehouse).absolute().as_uri()
