"""Catalogs as the command line and pyiceberg's configuration name them."""

import pytest

from consumer.analytics.iceberg.catalog import CatalogName, opened
from consumer.analytics.iceberg.errors import UnfitTableError


def test_a_catalog_that_nobody_has_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names those that there are."""
    monkeypatch.setenv("PYICEBERG_CATALOG__PROD__URI", "http://127.0.0.1:9")
    with pytest.raises(UnfitTableError, match=r"^--catalog pord: .* \(it has: prod\); .* --catalog pord=URI$"):
        opened(CatalogName.read("pord"), None)


def test_a_catalog_whose_package_is_missing() -> None:
    """The line says what to install."""
    with pytest.raises(
        UnfitTableError,
        match=r"^catalog hive \(thrift://127.0.0.1:9\): .* not installed: pip install 'pyiceberg\[hive\]'$",
    ):
        opened(CatalogName.read("hive=thrift://127.0.0.1:9"), None)


@pytest.mark.parametrize("text", ["", "=sqlite:///x", "a=ftp://x", "a=x.db", "a=postgresql:me:hunter2@h"])
def test_a_catalog_is_named_as_it_must_be(text: str) -> None:
    """Anything else is refused with what is allowed."""
    with pytest.raises(UnfitTableError, match=r"--catalog .*: write NAME for"):
        CatalogName.read(text)


@pytest.mark.parametrize("text", ["http://me:hunter2@h", "http://me:hunter2@h/?a=b", "me:hunter2=x"])
def test_a_uri_without_a_name_is_not_shown(text: str) -> None:
    """It may have a password."""
    with pytest.raises(UnfitTableError, match=r"^--catalog \.\.\.: write NAME for"):
        CatalogName.read(text)


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql+psycopg2://me:hunt/er2@h/d",
        "postgresql://me:hunt@er2@h/d",
        "http://me:hunt?er2@127.0.0.1:9/p",
        "https://me:hunt#er2@h",
        "http://me:hunt er2@h",
        "http://h/a@b",
    ],
)
def test_a_password_that_is_misread(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused unseen, on the command line and in the configuration: a library shows a part of it as the host."""
    said = r"^the URI of catalog prod has / \? # @ or a space before its last @: write these signs .* %20, and an @ .*$"
    with pytest.raises(UnfitTableError, match=said) as refused:
        CatalogName.read(f"prod={uri}")
    assert "hunt" not in str(refused.value)
    monkeypatch.setenv("PYICEBERG_CATALOG__PROD__URI", uri)
    with pytest.raises(UnfitTableError, match=said):
        opened(CatalogName.read("prod"), None)


def test_a_name_for_errors() -> None:
    """It has neither user nor parameters; a file may have an @ in its path."""
    shown = {
        "a=http://me:hunter2@h/p?token=hunter2": "a (http://h/p)",
        "a=sqlite:////srv/a@b/x.db": "a (sqlite:////srv/a@b/x.db)",
        "a": "a",
    }
    assert list(shown.values()) == [str(CatalogName.read(text)) for text in shown]
