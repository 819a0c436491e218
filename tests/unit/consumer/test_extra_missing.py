"""Without the extra `analytics`: the commands that need it say so in one line, at once, and name what to install."""

from pathlib import Path

import pytest

from tests.kit.bridge import WORKER, Installation
from tests.kit.missing import without
from tests.kit.process import Process

NOWHERE = "127.0.0.1:9"
PARQUET = ("export", "--output", "{}", "--format", "parquet")
INSTALL = "pip install 'registry-event-bridge[analytics]'"


@pytest.mark.parametrize(
    ("arguments", "missing", "said"),
    [
        (PARQUET, "pyarrow", "Parquet needs pyarrow, which is not installed"),
        (PARQUET, "pyruhvro", "Parquet needs pyruhvro, which is not installed"),
        (("report", "--input", "{}"), "duckdb", "report needs DuckDB"),
        (("report",), "duckdb", "report needs DuckDB"),
        (("report",), "pyarrow", "Parquet needs pyarrow, which is not installed"),
    ],
)
def test_what_is_missing_is_named(arguments: tuple[str, ...], missing: str, said: str, tmp_path: Path) -> None:
    """Exit 2 and one line, without asking Kafka or touching the directory."""
    output = tmp_path / "out"
    output.mkdir()
    command = Process(
        WORKER,
        *(argument.format(output) for argument in arguments),
        folder=tmp_path / "process",
        config=Installation(NOWHERE, "registry.events", tmp_path).config(),
        environment=without(tmp_path / "stubs", missing),
    )
    with command:
        assert 2 == command.wait()
    (line,) = command.stderr.splitlines()
    assert said in line
    assert line.endswith(INSTALL)
    assert ("", []) == (command.stdout, list(output.iterdir()))
