"""How fast the log becomes an Iceberg table: `python -m benchmarks.iceberg [RECORDS]`.

The whole command, start-up included, with a catalog in SQLite and a warehouse in a directory, against the export to
files of Parquet in the same run.
"""

import sys
import uuid

from benchmarks.export import exported, fill
from benchmarks.harness import bench, report

RECORDS = 1_000_000
RUNS = 3


def main(records: int = RECORDS) -> None:
    """Print rates in events a second, and their ratio."""
    with bench() as made:
        fill(made, records)
        config = str(made.config([]))
        for _ in range(RUNS):
            folder = made.folder / uuid.uuid4().hex
            catalog = f"local=sqlite:///{folder}.db"
            files = exported(config, records, "parquet", "--output", f"{folder}-files")
            table = exported(config, records, "iceberg", "--catalog", catalog, "--output", f"{folder}-warehouse")
            rate, of_files = records / table.seconds, records / files.seconds
            report("export to an Iceberg table", events_s=rate, parquet_s=of_files, ratio=rate / of_files)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
