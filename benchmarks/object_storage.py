"""How fast the log becomes Parquet in a bucket: `python -m benchmarks.object_storage [RECORDS]`.

The whole command, start-up included, writes to an S3 server on the same machine (moto's), against the export to a
directory in the same run. The server is a process of Python and takes processor time from the export.
"""

import os
import subprocess
import sys
import time
import uuid

from benchmarks.export import fill
from benchmarks.harness import Bench, bench, report
from tests.kit.s3_server import BUCKET, S3Server, variables

RECORDS = 1_000_000
RUNS = 3


def main(records: int = RECORDS) -> None:
    """Print rates in events a second, and their ratio."""
    with bench() as made, S3Server(made.folder / "s3") as s3:
        fill(made, records)
        config = str(made.config([]))
        for _ in range(RUNS):
            local = records / export(made, config, records, str(made.folder / uuid.uuid4().hex), 0)
            rate = records / export(made, config, records, f"s3://{BUCKET}/{uuid.uuid4().hex}", s3.port)
            report("export to object storage", events_s=rate, directory_s=local, ratio=rate / local)


def export(made: Bench, config: str, records: int, output: str, port: int) -> float:
    """Seconds from start to exit of the command."""
    command = [sys.executable, "-m", "consumer.cli", "export", "--output", output, "--format", "parquet", "-c", config]
    environment = {**os.environ, **variables(port), "TMPDIR": str(made.folder)}
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    seconds = time.perf_counter() - started
    if done.returncode or not done.stdout.startswith(f"{records} records"):
        sys.exit(f"the export failed: exit {done.returncode}, {done.stdout}")
    return seconds


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
