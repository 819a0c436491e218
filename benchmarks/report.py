"""How long `registry-worker report` takes: 10 million records as DuckDB makes them, seconds for each rule and question.

    python -m benchmarks.report [--records N]

The target is seconds in all. The records are those of a busy registry for 30 days: 2,000 repositories of unequal
popularity, 5,000 client addresses, indexes with two children, blobs, HEADs, pushes, mounts, deletes; 1 in 1,000 is a
repeat of another with the same id.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from consumer.analytics.report import ReportScope, report_on
from consumer.analytics.report.columns import COLUMNS
from consumer.analytics.report.database import parquet_files

RECORDS = 10_000_000
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
    timestamptz '2026-10-01 00:00:00+00' + to_microseconds(i * 259200) as accepted_at,
    case when repo % 3 = 0 then 'eu' else 'us' end as registry,
    md5((case when i % 1000 = 999 then i - 6 else i end)::varchar) as event_id,
    timestamptz '2026-10-01 00:00:00+00' + to_microseconds(i * 259200 - 5000) as event_time,
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


def generate(directory: Path, records: int) -> None:
    """Write an export of so many records."""
    connection = duckdb.connect(":memory:")
    connection.execute("set TimeZone = 'UTC'")
    each = -(-records // FILES)
    for number in range(FILES):
        first, last = number * each, min((number + 1) * each, records)
        connection.execute(GENERATED.format(first=first, last=last, refs=COLUMNS["refs"]))
        columns = ", ".join(COLUMNS)
        target = directory / f"registry.events-{first}-{last}.parquet"
        connection.execute(f"copy (select {columns} from generated) to '{target}' (format parquet, compression zstd)")


def main(arguments: Sequence[str] = ()) -> None:
    """Generate, report, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=RECORDS)
    options = parser.parse_args(list(arguments))
    with tempfile.TemporaryDirectory(prefix="registry-report-benchmark-") as folder:
        begin = time.perf_counter()
        generate(Path(folder), options.records)
        files = parquet_files(Path(folder))
        size = sum(file.stat().st_size for file in files) / 1e6
        print(f"made {options.records:,} records in {time.perf_counter() - begin:.1f} s, {size:,.0f} MB")
        begin = time.perf_counter()
        report = report_on(files, ReportScope(tag="v7"), now=time.time())
        for name, seconds in report.seconds.items():
            print(f"{name:<28}{seconds:8.2f} s")
        print(f"{'in all':<28}{time.perf_counter() - begin:8.2f} s")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
