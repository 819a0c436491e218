"""How long `registry-worker report` takes, and how much memory: 1, 3 and 10 million records as DuckDB makes them.

    python -m benchmarks.report [--records N ...] [--questions]

The records are those of a busy registry for 30 days: 2,000 repositories of unequal popularity, 5,000 client addresses,
indexes with two children, blobs, HEADs, pushes, mounts, deletes; 1 in 1,000 is a repeat of another with the same id.
Each report has a process of its own, whose memory and processor time are measured. DuckDB takes four fifths of the
machine's memory or of its control group's, and writes what is over to the temporary directory.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import duckdb

from benchmarks.harness import report
from consumer.analytics.report import ReportScope, report_on
from consumer.analytics.report.columns import COLUMNS
from consumer.analytics.report.database import parquet_files

SIZES = (1_000_000, 3_000_000, 10_000_000)
DAYS_S = 30 * 86_400
FILES = 10

# Six records are one visit: HEAD by tag, GET of the index by digest, GET of a child, GETs of three blobs; or, one visit
# in twelve, a push of the same. Popularity falls off as the square of a random number.
GENERATED = """
create or replace temp view generated as
with numbered as (
    select i, i // 6 as visit, i % 6 as step from range({first}, {last}) as numbers(i)
),
visits as (
    select
        *, (hash(visit) % 1000000 / 1000000.0) as luck, hash(visit, 1) % 5000 as client,
        hash(visit, 2) % 12 = 0 as is_push
    from numbered
),
places as (
    select *, floor(luck * luck * 2000)::int as repo, (hash(visit, 3) % 20)::int as release from visits
),
content as (
    select *, case step
        when 0 then 'index' || repo || '.' || release
        when 1 then 'index' || repo || '.' || release
        when 2 then 'child' || repo || '.' || release || '.' || visit % 2
        else 'blob' || repo || '.' || (release + step) % 30 end as thing
    from places
)
select
    'registry.events' as kafka_topic, (i % 12)::int as kafka_partition, (i // 12)::bigint as kafka_offset,
    timestamptz '2026-10-01 00:00:00+00' + to_microseconds(i * {step}) as accepted_at,
    case when repo % 3 = 0 then 'eu' else 'us' end as registry,
    md5((case when i % 1000 = 999 then i - 6 else i end)::varchar) as event_id,
    timestamptz '2026-10-01 00:00:00+00' + to_microseconds(i * {step} - 5000) as event_time,
    case when is_push then case when step = 5 and visit % 5 = 0 then 'mount' else 'push' end
        when step = 5 and visit % 997 = 0 then 'delete' else 'pull' end as action,
    case step when 0 then 'index' when 1 then 'index' when 2 then 'manifest' else 'blob' end as kind,
    'team' || repo % 50 || '/app' || repo as repository,
    case when step = 0 then 'v' || release end as tag,
    'sha256:' || sha256(thing) as digest,
    case when step < 2 then 'application/vnd.oci.image.index.v1+json'
        when step = 2 then 'application/vnd.oci.image.manifest.v1+json' else 'application/octet-stream'
    end as media_type,
    (case when step > 2 then hash(thing) % 50000000 else 1200 end)::bigint as size_bytes,
    case when step = 5 and is_push and visit % 5 = 0 then 'library/base' end as from_repository,
    'https://registry.example.com/v2/team/app/blobs/' || thing as url, 0::int as reference_count,
    null::{refs} as refs, 'user' || client % 300 as actor,
    '10.0.' || client // 250 || '.' || client % 250 || ':' || i % 30000 as client_addr,
    '10.0.' || client // 250 || '.' || client % 250 as client_ip,
    case client % 4 when 0 then 'containerd/v1.7.' || client % 20 when 1 then 'docker/24.0.' || client % 9
        || ' go/go1.20.6 git-commit/a61e2b4 kernel/5.15 os/linux arch/amd64'
        when 2 then 'buildkit/v0.12' else 'skopeo/1.' || client % 14 || '.0' end as user_agent,
    md5(i::varchar || 'r') as request_id,
    case when is_push then 'PUT' when step = 0 then 'HEAD' else 'GET' end as request_method,
    'registry.example.com' as request_host, 'registry-' || client % 3 || ':5000' as source_addr,
    md5('instance' || client % 3) as source_instance,
    'application/vnd.docker.distribution.events.v2+json' as content_type, 1380253697::int as schema_id,
    null::varchar as original, null::varchar as source_format, null::varchar as source_body, null::blob as raw
from content
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One report.

    Args:
        seconds: in all.
        cpu_seconds: of all cores together.
        peak_mib: the most memory that its process had.
        by_question: seconds of each rule and question.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    by_question: Mapping[str, float]


def generate(directory: Path, records: int) -> float:
    """Write an export of so many records; the size of its files in MB."""
    connection = duckdb.connect(":memory:")
    connection.execute("set TimeZone = 'UTC'")
    each = -(-records // FILES)
    for number in range(FILES):
        first, last = number * each, min((number + 1) * each, records)
        step = DAYS_S * 1_000_000 // records
        connection.execute(GENERATED.format(first=first, last=last, step=step, refs=COLUMNS["refs"]))
        columns = ", ".join(COLUMNS)
        target = directory / f"registry.events-{first}-{last}.parquet"
        connection.execute(f"copy (select {columns} from generated) to '{target}' (format parquet, compression zstd)")
    return sum(file.stat().st_size for file in parquet_files(directory)) / 1e6


def measure(directory: Path) -> Measured:
    """Make the report, in a process that has done nothing else."""
    begin = time.perf_counter()
    answered = report_on(parquet_files(directory), ReportScope(tag="v7"), now=time.time())
    seconds = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Measured(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, answered.seconds)


def main(arguments: Sequence[str] = ()) -> None:
    """Generate, report, print; for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=SIZES, help="how many; several are several reports")
    parser.add_argument("--questions", action="store_true", help="also print the seconds of each rule and question")
    options = parser.parse_args(list(arguments))
    for records in options.records:
        with (
            tempfile.TemporaryDirectory(prefix="registry-report-benchmark-") as folder,
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh,
        ):
            size = generate(Path(folder), records)
            one = fresh.submit(measure, Path(folder)).result()
        figures = {
            "MB_of_files": size,
            "seconds": one.seconds,
            "CPU_seconds": one.cpu_seconds,
            "peak_MiB": one.peak_mib,
        }
        report(f"report on {records:,} records", **figures)
        if options.questions:
            for name, seconds in one.by_question.items():
                report(f"  {name}", seconds=seconds)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
