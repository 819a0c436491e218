"""How fast the log becomes Parquet in a bucket: `python -m benchmarks.object_storage [RECORDS]`.

The whole command, start-up included, writes to an S3 server on the same machine (moto's), against the export to a
directory in the same run. The server is a process of Python and takes processor time from the export.
"""

import sys
import uuid

from benchmarks.export import exported, fill
from benchmarks.harness import bench, report
from tests.kit.s3_server import BUCKET, S3Server, variables

RECORDS = 1_000_000
RUNS = 3


def main(records: int = RECORDS) -> None:
    """Print rates in events a second, and their ratio."""
    with bench() as made, S3Server(made.folder / "s3") as s3:
        fill(made, records)
        config = str(made.config([]))
        environment = {**variables(s3.port), "TMPDIR": str(made.folder)}
        for _ in range(RUNS):
            folder, address = str(made.folder / uuid.uuid4().hex), f"s3://{BUCKET}/{uuid.uuid4().hex}"
            local = exported(config, records, "parquet", "--output", folder)
            remote = exported(config, records, "parquet", "--output", address, environment=environment)
            rate, of_local = records / remote.seconds, records / local.seconds
            report("export to object storage", events_s=rate, directory_s=of_local, ratio=rate / of_local)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
