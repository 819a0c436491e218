"""Warehouses: directories with any name, URLs that pyiceberg knows, and what is refused without showing a secret."""

from glob import escape
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from consumer.analytics.iceberg.catalog import CatalogName, opened
from consumer.analytics.iceberg.errors import UnfitTableError
from consumer.analytics.iceberg.warehouse import location
from tests.kit.iceberg_tables import NAME, Exporting, places, records, rows


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/srv/my lake [1] \u00fc%20", "file:///srv/my lake [1] \u00fc%20"),
        ("file:///srv/my%20lake", "file:///srv/my lake"),
        ("s3://lake/warehouse", "s3://lake/warehouse"),
        ("s3a://lake", "s3a://lake"),
        ("hdfs://host:8020/lake", "hdfs://host:8020/lake"),
        ("abfss://c@acct.dfs.core.windows.net/wh", "abfss://c@acct.dfs.core.windows.net/wh"),
    ],
)
def test_what_a_warehouse_means(text: str, meant: str) -> None:
    """A directory is a URL with the path as it is; any other URL goes to pyiceberg as it is."""
    assert meant == location(text)


def test_a_relative_directory() -> None:
    """It is below the current one."""
    assert f"file://{Path.cwd()}/lake" == location("lake")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("az://c/wh", r"az://c/wh: Iceberg names .*: write abfss://CONTAINER@ACCOUNT\.dfs\.core\.windows\.net/PREFIX"),
        ("ftp://host/x", "write a directory, file:///DIRECTORY, or a URL with one of abfs, abfss, gs, hdfs, "),
        ("file://host/x", "write a directory, file:///DIRECTORY, or"),
        ("s3:/lake", "lacks the slashes of s3://"),
        ("/srv/a?b", r"the path of a warehouse can have no \? or #"),
        ("/srv/a#b", r"the path of a warehouse can have no \? or #"),
        ("file:///srv/a%3Fb", r"the path of a warehouse can have no \? or #"),
        ("/srv/a\nb", r"'/srv/a\\nb'"),
    ],
)
def test_what_is_no_warehouse(text: str, why: str) -> None:
    """It says what is wrong and what is allowed."""
    with pytest.raises(UnfitTableError, match=why):
        location(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:hunter2@lake/x",
        "s3://hunter2@lake",
        "abfss://c:hunter2@acct/x",
        "abfss://c@acct/x?sig=hunter2",
        "s3://lake/x#hunter2",
        "me:hunter2@az://c",
        "abfss://c@hunter2@acct/x",
    ],
)
def test_secrets_are_not_repeated(text: str) -> None:
    """What may be a secret is refused without being shown."""
    with pytest.raises(
        UnfitTableError, match=r"^--output: credentials and options do not belong in the URL"
    ) as refused:
        location(text)
    assert "hunter2" not in str(refused.value)


def test_rows_in_a_directory_with_an_odd_name(tmp_path: Path) -> None:
    """They are where they were asked for, and pyiceberg, Arrow and DuckDB read them there."""
    folder = tmp_path / "my lake [1] \u00fc%20"
    with opened(CatalogName.read(f"local=sqlite:///{tmp_path}/catalog.db"), location(str(folder))) as catalog:
        Exporting(catalog).write(records(0, 0, 4))
        table = catalog.load_table(NAME)
        assert places({0: range(5)}) == rows(table)
        files = [path.removeprefix("file://") for path in table.inspect.files()["file_path"].to_pylist()]
        assert files == [str(path) for path in folder.rglob("*.parquet")]
        assert 5 == pq.read_table(files[0], partitioning=None).num_rows
        count = "select count(*) from "
        assert (5,) == table.scan().to_duckdb("events").execute(f"{count} events").fetchone()
        assert (5,) == duckdb.execute(f"{count} read_parquet(?)", [[escape(file) for file in files]]).fetchone()
