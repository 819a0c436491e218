"""Errors of the libraries behind a table, as one line."""

import pytest

from consumer.analytics.iceberg.errors import TableError, UnfitTableError, line_of, told


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cannot reach http://me:hunter2@h:1/p\nand more", "cannot reach http://h:1/p"),
        ("for url: http://me:hunt@er2@h/p?token=hunter2 (again)", "for url: http://h/p (again)"),
        ("postgresql://me:hunt/er2@h/d is none", "postgresql://h/d is none"),
        ("[Errno 2] no http://me:hunter2@h", "no http://h"),
        ("(sqlite:////srv/a@b/x.db) is locked", "(sqlite:////srv/a@b/x.db) is locked"),
    ],
)
def test_no_secret_of_a_url_is_shown(text: str, line: str) -> None:
    """Neither what stands before its last @ nor its parameters; of several lines the first one."""
    assert f"OSError: {line}" == line_of(OSError(text))


def test_a_package_that_is_missing() -> None:
    """It is named as bad input is, and any other error as a failure."""
    with (
        pytest.raises(UnfitTableError, match=r"^table a\.b: it needs adlfs, .* installed$"),
        told("table a.b"),
    ):
        raise ModuleNotFoundError("No module named 'adlfs'", name="adlfs")
    with pytest.raises(TableError, match=r"^table a\.b: KeyError: 'x'$"), told("table a.b"):
        raise KeyError("x")
