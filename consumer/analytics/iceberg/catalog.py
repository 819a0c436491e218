"""The catalog that `--catalog` names: of pyiceberg's own configuration, or at a URI."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NotInstalledError
from pyiceberg.utils.config import Config

from consumer.analytics.iceberg.errors import UnfitTableError, line_of, told, without_secrets

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
                "NAME=sqlite:///FILE, NAME=postgresql+psycopg2://HOST/DATABASE, NAME=http://HOST/PATH, NAME=thrift://HOST:PORT"
            )
        return cls(name, uri or None)

    def __str__(self) -> str:
        """For errors: with its URI, but without user and parameters."""
        return self.name if self.uri is None else f"{self.name} ({without_secrets(self.uri)})"


def opened(of: CatalogName, warehouse: str | None) -> Catalog:
    """The catalog, asked for nothing yet but what its own library asks at the start.

    Raises:
        UnfitTableError: the configuration does not suffice, or a package for this kind of catalog is missing.
        TableError: it does not answer.
    """
    if of.uri is None:
        _see_that_it_is_configured(of.name)
    given = {"uri": of.uri, "warehouse": None if warehouse is None else location(warehouse)}
    with told(f"catalog {of}"):
        try:
            return load_catalog(of.name, **{key: value for key, value in given.items() if value is not None})
        except NotInstalledError as error:  # says itself which package it needs
            raise UnfitTableError(f"catalog {of}: {error}") from None
        except ValueError as error:
            raise UnfitTableError(f"catalog {of}: {line_of(error)}") from error


def _see_that_it_is_configured(name: str) -> None:
    configuration = Config()
    if configuration.get_catalog_config(name) is None:
        known = ", ".join(configuration.get_known_catalogs()) or "none"
        raise UnfitTableError(
            f"--catalog {name}: pyiceberg's configuration has no catalog of this name (it has: {known}); "
            f"configure it, or write --catalog {name}=URI"
        )


def location(warehouse: str) -> str:
    """A warehouse as Iceberg names it: a directory of this machine as a URL."""
    return warehouse if "://" in warehouse else Path(warehouse).absolute().as_uri()
