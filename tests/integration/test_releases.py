"""Exports of a log that two releases of the schema were written to, by the version that brought the newer one."""

import json
import os
import subprocess
import sys
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import pytest

from consumer.analytics.arrow import SCHEMA
from schemas.catalog import CATALOG
from tests.kit.eventually import LIMIT_S
from tests.kit.next_version import RUNS, make_next_version

OWNERS = list(
    chain.from_iterable(repeat((f"r{run}", CATALOG.latest.id + run % 2), count) for run, count in enumerate(RUNS))
)
"""Of each record in turn: the event's id, and the schema's."""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a process of the next version has exported records of both releases."""
    folder = tmp_path_factory.mktemp("next")
    environment = {**os.environ, **make_next_version(folder / "version")}
    command = [sys.executable, "-m", "tests.kit.next_version", str(folder)]
    done = subprocess.run(
        command, cwd=folder / "version", env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert (0, "") == (done.returncode, done.stderr)
    return folder


def test_parquet(output: Path) -> None:
    """All records are rows of the same columns, in order, whichever release each was written in."""
    (path,) = output.rglob("*.parquet")
    table = pq.ParquetFile(path).read()
    assert SCHEMA.names == table.schema.names
    rows = table.to_pylist()
    assert OWNERS == [(row["event_id"], row["schema_id"]) for row in rows]
    same = {(row["repository"], row["registry"], row["content_type"], row["size_bytes"], row["raw"]) for row in rows}
    assert {("team/app", "eu", "application/json", 5, None)} == same


def test_avro(output: Path) -> None:
    """An event is one of the newest release; what its own did not have yet is absent."""
    (path,) = output.rglob("*.avro")
    with path.open("rb") as file:
        records: list[Any] = list(fastavro.reader(file))
    assert OWNERS == [(record["event"]["id"], record["schemaId"]) for record in records]
    assert [None if owner == CATALOG.latest.id else "north" for _, owner in OWNERS] == [
        record["event"]["region"] for record in records
    ]


def test_ndjson(output: Path) -> None:
    """Every event is a line with the registry's JSON."""
    (path,) = output.rglob("*.ndjson")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert OWNERS == [(line["event"]["id"], line["schema_id"]) for line in lines]
    assert {"team/app"} == {line["event"]["target"]["repository"] for line in lines}
