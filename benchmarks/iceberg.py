"""How fast the log becomes an Iceberg table: `python -m benchmarks.iceberg [RECORDS]`.

The whole command, start-up included, with a catalog in SQLite and a warehouse in a directory, against the export to
files of Parquet in the same run.
"""

import sys
import uuid

from benchmarks.export import fill, timed
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
            files = records / timed(config, records, "parquet", "--output", f"{folder}-files")
            rate = records / timed(config, records, "iceberg", "--catalog", catalog, "--output", f"{folder}-warehouse")
            report("export to an Iceberg table", events_s=rate, parquet_s=files, ratio=rate / files)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
