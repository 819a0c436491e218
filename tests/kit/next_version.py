"""This program as its next version might be, with an invented next release of the schema: one field more.

As a module it exports records of the last two releases, by turns, in every format; it must run in the environment
that `make_next_version` gives.
"""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastavro import schemaless_writer

from consumer.analytics.directory import LocalDirectory
from consumer.analytics.files import FORMATS
from consumer.analytics.formats import format_named
from consumer.analytics.partition_files import ExportTarget, PartitionFiles
from consumer.log.record_batch import RecordBatch
from schemas.avro import frame
from schemas.catalog import CATALOG, FIRST_ID, Release, fingerprint_of
from tests.kit.paths import ROOT

FIELD = {"name": "region", "type": ["null", "string"], "default": None, "doc": "Invented."}
MODEL = '    registry: str = ""\n'
RUNS = (40, 40, 1, 1, 1, 40, 1, 3)
"""So many records of one release, then of the other, beginning with the first."""


def make_next_version(folder: Path) -> dict[str, str]:
    """A package `schemas` with the next release in this folder; the environment in which it is found first."""
    package = folder / "schemas"
    shutil.copytree(ROOT / "schemas", package)
    schema = json.loads(CATALOG.latest.text)
    schema["fields"].insert(-1, FIELD)
    version = CATALOG.latest.version + 1
    file = f"event.v{version}.avsc"
    (package / file).write_text(json.dumps(schema))
    index = json.loads((package / "index.json").read_text())
    new = {"version": version, "id": FIRST_ID + version, "file": file, "fingerprint": fingerprint_of(schema)}
    (package / "index.json").write_text(json.dumps({**index, "releases": [*index["releases"], new]}))
    model = (package / "event.py").read_text()
    assert 1 == model.count(MODEL)
    (package / "event.py").write_text(model.replace(MODEL, f'{MODEL}    region: str = ""\n'))
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def _values() -> Iterator[bytes]:
    for run, count in enumerate(RUNS):
        for _ in range(count):
            yield _value(CATALOG.releases[run % 2 - 2], run)


def _value(release: Release, run: int) -> bytes:
    event: dict[str, Any] = {name: {} for name in ("target", "request", "actor", "source")}
    event |= {"id": f"r{run}", "action": "push", "target": {"repository": "team/app", "size": 5}, "registry": "eu"}
    event |= {"region": "north", "contentType": "application/json"}
    out = io.BytesIO()
    schemaless_writer(out, release.schema, _filled(release.schema, event))
    return frame(release.id, out.getvalue())


def _filled(schema: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The event with what is empty in each of its records."""
    empty: dict[str, Any] = {"map": {}, "array": []}
    for field in schema["fields"]:
        kind = field["type"]
        if isinstance(kind, dict) and kind["type"] == "record":
            _filled(kind, event[field["name"]])
        elif isinstance(kind, dict) and kind["type"] in empty:
            event.setdefault(field["name"], empty[kind["type"]])
    return event


def _export(output: Path) -> None:
    values = list(_values())
    count = len(values)
    batch = RecordBatch("registry.events", 0, list(range(count)), [1_767_268_800_000] * count, values, lambda _: ())
    for name in FORMATS:
        target = ExportTarget(LocalDirectory(output), batch.topic, name, format_named(name))
        files = PartitionFiles(target, 0, 0)
        files.write(batch)
        files.close()


if __name__ == "__main__":
    _export(Path(sys.argv[1]))
