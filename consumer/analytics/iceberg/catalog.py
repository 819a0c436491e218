"""The catalog that `--catalog` names: of pyiceberg's own configuration, or at a URI."""

import re
from dataclasses import dataclass
from typing import Final

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NotInstalledError
from pyiceberg.utils.config import Config

from consumer.analytics.iceberg.errors import UnfitTableError, line_of, told, without_secrets

_URI: Final = re.compile(r"(sqlite:|postgresql(\+[a-z0-9_]+)?://|https?://|thrift://)")
_NAME: Final = re.compile(r"[^:/@=]+")
"""A URI without a name before it has one of these, and may have a password."""
_MISREAD: Final = re.compile(r"[a-z0-9+]+://[^/].*[/?#@\s].*@.*", re.DOTALL)
"""Has a sign before its last @ by which one library or another ends the password, and shows the rest."""


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
        if not _NAME.fullmatch(name) or (separator and not _URI.match(uri)):
            shown = f"{name}{separator}" if _NAME.fullmatch(name) else ""
            raise UnfitTableError(
                f"--catalog {shown}...: write NAME for a catalog of pyiceberg's configuration, "
                "NAME=sqlite:///FILE, NAME=postgresql+psycopg2://HOST/DATABASE, NAME=http://HOST/PATH, NAME=thrift://HOST:PORT"
            )
        _see_that_it_is_encoded(name, uri)
        return cls(name, uri or None)

    def __str__(self) -> str:
        """For errors: with its URI, but without user and parameters."""
        return self.name if self.uri is None else f"{self.name} ({without_secrets(self.uri)})"


def opened(of: CatalogName, warehouse: str | None) -> Catalog:
    """The catalog, asked for nothing yet but what its own library asks at the start.

    Args:
        of: its name.
        warehouse: where a new table is made, as Iceberg names it; None leaves it to the catalog.

    Raises:
        UnfitTableError: the configuration does not suffice, or a package for this kind of catalog is missing.
        TableError: it does not answer.
    """
    if of.uri is None:
        _see_that_it_is_configured(of.name)
    given = {"uri": of.uri, "warehouse": warehouse}
    with told(f"catalog {of}"):
        try:
            return load_catalog(of.name, **{key: value for key, value in given.items() if value is not None})
        except NotInstalledError as error:  # says itself which package it needs
            raise UnfitTableError(f"catalog {of}: {error}") from None
        except ValueError as error:
            raise UnfitTableError(f"catalog {of}: {line_of(error)}") from error


def _see_that_it_is_configured(name: str) -> None:
    configuration = Config()
    found = configuration.get_catalog_config(name)
    if found is not None:
        _see_that_it_is_encoded(name, str(found.get("uri", "")))
    else:
        known = ", ".join(configuration.get_known_catalogs()) or "none"
        raise UnfitTableError(
            f"--catalog {name}: pyiceberg's configuration has no catalog of this name (it has: {known}); "
            f"configure it, or write --catalog {name}=URI"
        )


def _see_that_it_is_encoded(name: str, uri: str) -> None:
    if _MISREAD.fullmatch(uri):
        raise UnfitTableError(
            f"the URI of catalog {name} has / ? # @ or a space before its last @: write these signs of a user and "
            "password as %2F %3F %23 %40 %20, and an @ anywhere else as %40"
        )
