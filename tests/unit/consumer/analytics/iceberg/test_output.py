"""What an export leaves in the storage when it fails."""

from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from consumer.analytics.files import FailedWriteError
from consumer.log.record_batch import DAY_MS
from tests.kit.full_disk import FullDiskIO
from tests.kit.iceberg_tables import NOON_MS, Exporting, records, sql_catalog


def data_files(folder: Path) -> list[Path]:
    """Those of the table, whether a snapshot names them or not."""
    return list(folder.rglob("data/**/*.parquet"))


def test_a_file_that_cannot_be_ended_is_removed(tmp_path: Path) -> None:
    """On a full disk half a file would take the room of others."""
    disk = {"py-io-impl": f"{FullDiskIO.__module__}.{FullDiskIO.__name__}", "warehouse": f"file://{tmp_path}"}
    with SqlCatalog("local", uri=f"sqlite:///{tmp_path}/catalog.db", **disk) as catalog:
        writer = Exporting(catalog).writer
        writer.write(records(0, 0, 9))
        assert 1 == len(data_files(tmp_path))
        with pytest.raises(FailedWriteError, match=r"^table registry\.events: .*No space left on device$"):
            writer.close()
        assert [] == data_files(tmp_path)


def test_a_run_that_is_given_up_leaves_only_what_is_committed(tmp_path: Path) -> None:
    """The files that were ended for its next snapshot go too."""
    with sql_catalog(tmp_path) as catalog:
        writer = Exporting(catalog).writer
        writer.write(records(0, 0, 9))
        writer.close()
        writer.write(records(0, 10, 15, ms=NOON_MS, step_ms=DAY_MS))
        assert 7 == len(data_files(tmp_path))
        writer.abandon()
        assert 1 == len(data_files(tmp_path))
        writer.close()
        assert 1 == len(data_files(tmp_path))
