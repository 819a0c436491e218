"""`registry-worker export` before a person and before a program: a bar on a terminal, nothing of it elsewhere."""

import os
import pty
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from broker import LocalKafka
from consumer.analytics.files import FORMATS
from tests.kit.bridge import WORKER, Installation
from tests.kit.eventually import LIMIT_S
from tests.kit.missing import without
from tests.kit.notifications import envelopes
from tests.kit.paths import ROOT
from tests.kit.process import Process

pytestmark = pytest.mark.kafka

EVENTS = 300


@pytest.fixture(scope="module")
def setup(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A topic with events."""
    made = Installation(kafka.bootstrap, "test-export-terminal", tmp_path_factory.mktemp("export"))
    made.publish(*envelopes(EVENTS // 50, 50))
    return made


def on_terminal(arguments: Sequence[str], limit_s: float) -> tuple[int, str, str]:
    """Runs a command whose standard error is a terminal: exit status, standard output, what the terminal got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", WORKER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as running:
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + limit_s
        while (piece := _read(ours)) and time.monotonic() < deadline:
            shown += piece
        os.close(ours)
        output, _ = running.communicate(timeout=limit_s)
    return running.returncode, output, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # nobody holds its other end any more
        return b""


def test_a_bar_on_a_terminal(setup: Installation, tmp_path: Path) -> None:
    """It is drawn on standard error, from nothing to all records; standard output has the sum alone."""
    config = tmp_path / "bridge.yaml"
    config.write_text(yaml.safe_dump(setup.config()))
    arguments = ("export", "--output", str(tmp_path / "out"), "--format", "ndjson", "-c", str(config))
    code, output, shown = on_terminal(arguments, LIMIT_S)
    assert 0 == code, shown
    assert output.startswith(f"{EVENTS} records in ")
    steps = [step for step in shown.replace("\n", "\r").split("\r") if "exporting" in step]
    assert "  0%" in steps[0]
    assert "100%" in steps[-1]


@pytest.mark.parametrize("format_", FORMATS)
def test_no_bar_elsewhere(setup: Installation, tmp_path: Path, format_: str) -> None:
    """Into a file or a pipe goes the sum, and nothing to standard error."""
    done = setup.run_worker("export", "--output", str(tmp_path / "out"), "--format", format_)
    assert (0, "") == (done.code, done.stderr)
    assert done.stdout.startswith(f"{EVENTS} records in ")


@pytest.mark.parametrize("format_", ["avro", "ndjson"])
def test_other_formats_need_no_extra(setup: Installation, tmp_path: Path, format_: str) -> None:
    """Avro and lines of JSON are written where the extra `analytics` is not installed."""
    command = Process(
        WORKER,
        *("export", "--output", str(tmp_path / "out"), "--format", format_),
        folder=tmp_path / "process",
        config=setup.config(),
        environment=without(tmp_path / "stubs", "pyarrow", "pyruhvro", "duckdb"),
    )
    with command:
        assert 0 == command.wait(), command.stderr
    assert command.stdout.startswith(f"{EVENTS} records in ")


def test_parquet_without_the_fast_decoder(setup: Installation, tmp_path: Path) -> None:
    """Without pyruhvro the same rows are written, and one line says at what rate, and how to get the other."""
    command = Process(
        WORKER,
        *("export", "--output", str(tmp_path / "slow"), "--format", "parquet"),
        folder=tmp_path / "process",
        config=setup.config(),
        environment=without(tmp_path / "stubs", "pyruhvro"),
    )
    with command:
        assert 0 == command.wait(), command.stderr
    (line,) = command.log()
    assert ("export.decodes_slowly", "pyruhvro") == (line["event"], line["missing"])
    assert line["records_per_second"] < line["instead_of"]
    assert "pip install 'pyruhvro>=0.4'" in line["install"]
    assert 0 == setup.run_worker("export", "--output", str(tmp_path / "fast"), "--format", "parquet").code
    assert rows(tmp_path / "fast") == rows(tmp_path / "slow")


def rows(directory: Path) -> list[Any]:
    """What was exported, in the order of the log."""
    found = [row for file in sorted(directory.rglob("*.parquet")) for row in pq.read_table(file).to_pylist()]
    return sorted(found, key=lambda row: (row["kafka_partition"], row["kafka_offset"]))
