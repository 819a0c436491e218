"""`registry-worker report`: its options, what it exports when it has no input, and how it refuses."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consumer.analytics.extra import ANALYTICS, how_to_install
from consumer.analytics.report import ReportScope
from consumer.analytics.report.columns import COLUMNS
from consumer.commands.report import report_command, report_of_log
from consumer.places import Place
from runtime.cli.running import run_command
from runtime.config import Ago, End
from tests.kit.attempt_rows import attempted, write_attempts
from tests.kit.parquet_rows import SCHEMA, row, write_export

A = f"sha256:{'a' * 64}"
ROWS = [row("pull", "manifest", tag="v1", digest=A), row("pull", "manifest", tag="v2", digest=A, at=60, repository="x")]

Run = Callable[..., tuple[int, str, str]]


@dataclass
class FakeExport:
    """Writes these rows, whatever range is asked for."""

    rows: Sequence[Mapping[str, Any]]
    asked: list[tuple[Path, Place, Place]] = field(default_factory=list)

    def write_range(self, directory: Path, from_: Place, to: Place) -> None:
        """Write them; an export without rows writes no file."""
        self.asked.append((directory, from_, to))
        if self.rows:
            write_export(directory, self.rows)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command to its exit status, output and errors."""

    def ran(*arguments: object) -> tuple[int, str, str]:
        group = click.Group("worker", commands=[report_command])
        monkeypatch.setattr(sys, "argv", ["registry-worker", "report", *map(str, arguments)])
        status = run_command(group, "registry-worker")
        return (status, *capsys.readouterr())

    return ran


def test_an_input_needs_no_configuration(run: Run, tmp_path: Path) -> None:
    """Tables on standard output, from an export that is there."""
    status, out, err = run("--input", write_export(tmp_path, ROWS))
    assert (0, "") == (status, err)
    assert "MOST PULLED TAGS" in out


def test_options_reach_the_report(run: Run, tmp_path: Path) -> None:
    """Range, repositories and tag; `asked` repeats what was asked."""
    arguments = ("--from", "0:0", "--to", "end", "--repository", "team/*", "--tag", "v1", "--all", "--json")
    status, out, _ = run("--input", write_export(tmp_path, ROWS), *arguments)
    report = json.loads(out)
    assert 0 == status
    assert {"registries": [], "repositories": ["team/*"], "tag": "v1", "all": True} == report["asked"]
    assert ["team/app"] == [one["repository"] for one in report["answers"]["who_pulls_tag"]]


def test_the_sql_is_printed_and_nothing_is_run(run: Run, tmp_path: Path) -> None:
    """As one file, of the export that was named."""
    status, out, err = run("--sql", "--input", tmp_path, "--tag", "v1", "--all")
    assert (0, "") == (status, err)
    assert f"read_parquet('{tmp_path}/**/*.parquet'" in out
    assert "set variable tag = 'v1';" in out
    assert "set variable everything = true;" in out


@pytest.mark.parametrize(
    "other",
    [("--json",), ("--html", "page.html"), ("--from", "-24h"), ("--repository", "team/*"), ("--registry", "eu")],
)
def test_the_sql_takes_no_other_options(run: Run, other: tuple[str, ...]) -> None:
    """A selection that the file would not make is refused, not passed over."""
    status, out, err = run("--sql", *other)
    assert (2, "") == (status, out)
    assert "--sql takes --engine, --input, --attempts, --tag and --all only" in err


def test_the_sql_of_another_engine_is_printed(run: Run, tmp_path: Path) -> None:
    """The same questions in its words; of an export that need not be there yet."""
    status, out, err = run("--sql", "--engine", "spark", "--tag", "v1")
    assert (0, "") == (status, err)
    assert "using parquet\noptions (path 'events'," in out
    assert "'v1' AS value" in out


@pytest.mark.parametrize("option", ["--input", "--attempts"])
@pytest.mark.parametrize("name", ["br[1]", "br?", "br*", "b{r,s}", "br\\1"])
def test_the_sql_takes_no_directory_that_is_a_pattern(run: Run, tmp_path: Path, name: str, option: str) -> None:
    """The engines would read other files."""
    (tmp_path / name).mkdir()
    status, out, err = run("--sql", option, tmp_path / name)
    assert (2, "") == (status, out)
    assert f"{option} {tmp_path / name}: engines read a path with any of * ? [ ] {{ }} \\ as a pattern; " in err
    assert "name the directory by a symbolic link without these" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--engine", "spark"), "--engine spark goes with --sql: a report itself is made by DuckDB"),
        (("--sql", "--engine", "trino", "--input", "."), "--engine trino takes neither --input nor --attempts"),
        (("--sql", "--engine", "trino", "--attempts", "."), "--engine trino takes neither --input nor --attempts"),
        (("--sql", "--engine", "presto"), "'presto' is not one of 'duckdb', 'spark', 'clickhouse', 'trino'"),
    ],
)
def test_an_engine_that_cannot_be_meant_is_refused(run: Run, options: tuple[str, ...], said: str) -> None:
    """In one line, and nothing is printed."""
    status, out, err = run(*options)
    assert (2, "") == (status, out)
    assert said in err


def test_a_registry_without_events_is_named(run: Run, tmp_path: Path) -> None:
    """On standard error, and the report is made: of the registry that has events."""
    export = write_export(tmp_path, [row("pull", "blob", registry="eu"), row("pull", "blob", registry="us")])
    status, out, err = run("--input", export, "--registry", "eu", "--registry", "hub", "--json")
    assert (0, "registry-worker: none of these events is of --registry hub\n") == (status, err)
    assert [("eu", 1)] == [(one["registry"], one["events"]) for one in json.loads(out)["answers"]["registries"]]


def test_the_page_is_written_whole(run: Run, tmp_path: Path) -> None:
    """And nothing is printed; with --json both."""
    export, page = write_export(tmp_path / "export", ROWS), tmp_path / "report.html"
    assert (0, "", "") == run("--input", export, "--html", page)
    assert page.read_text("utf-8").endswith("</html>\n")
    assert [page] == [path for path in tmp_path.iterdir() if path.is_file()]
    assert json.loads(run("--input", export, "--html", page, "--json")[1])


def test_a_page_that_cannot_be_written_is_an_error(run: Run, tmp_path: Path) -> None:
    """Named, in one line."""
    page = tmp_path / "missing" / "report.html"
    status, _, err = run("--input", write_export(tmp_path / "export", ROWS), "--html", page)
    assert (1, f"registry-worker: {page}: No such file or directory\n") == (status, err)


def test_without_input_the_log_is_exported_first() -> None:
    """The asked range is the export's; the report is on all that it wrote, and nothing of it stays."""
    export = FakeExport(ROWS)
    report = report_of_log(export, ReportScope(from_=Ago(86_400.0), to=End(), tag="v1"))
    assert 2 == report.as_json()["answers"]["window"][0]["records"]
    assert "v1" == report.asked["tag"]
    [(directory, from_, to)] = export.asked
    assert (Ago(86_400.0), End()) == (from_, to)
    assert not directory.exists()


def test_an_empty_log_is_a_report_of_nothing() -> None:
    """An export without files is no fault when there was nothing to export."""
    report = report_of_log(FakeExport([]), ReportScope())
    assert 0 == report.as_json()["answers"]["window"][0]["records"]


def test_an_input_without_files_is_refused(run: Run, tmp_path: Path) -> None:
    """As is one with files still being written; the line says what makes an input."""
    (tmp_path / ".unfinished.parquet").write_bytes(b"")
    status, _, err = run("--input", tmp_path)
    assert (2, 1) == (status, err.count("\n"))
    assert f"{tmp_path} holds no Parquet files" in err


def test_a_file_that_is_no_parquet_is_named(run: Run, tmp_path: Path) -> None:
    """In one line, without a traceback."""
    (tmp_path / "broken.parquet").write_bytes(b"this is no Parquet file at all")
    status, _, err = run("--input", tmp_path)
    assert (2, 1) == (status, err.count("\n"))
    assert "broken.parquet" in err


def test_a_table_that_is_no_export_is_refused(run: Run, tmp_path: Path) -> None:
    """The missing column is named; so is one of another type."""
    pq.write_table(pa.table({"kafka_topic": ["t"]}), tmp_path / "other.parquet")
    status, _, err = run("--input", tmp_path)
    assert 2 == status
    assert "column kafka_partition is missing" in err
    wrong = SCHEMA.set(SCHEMA.get_field_index("kafka_offset"), pa.field("kafka_offset", pa.string()))
    pq.write_table(wrong.empty_table(), tmp_path / "other.parquet")
    assert "column kafka_offset is VARCHAR, an export has BIGINT" in run("--input", tmp_path)[2]


def test_a_place_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    """As everywhere: with what is one."""
    status, _, err = run("--input", tmp_path, "--from", "yesterday")
    assert 2 == status
    assert "'yesterday' is not a place" in err


def test_without_the_extra_a_line_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB is not there: exit 2, before anything is exported."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    expected = f"registry-worker: report needs duckdb, which is not installed: {how_to_install(ANALYTICS)}\n"
    assert (2, "", expected) == run("--input", write_export(tmp_path, ROWS))


def test_the_columns_are_those_that_exports_have() -> None:
    """The SQL's list and the documented schema are one."""
    assert SCHEMA.names == list(COLUMNS)


def test_attempts_reach_the_report(run: Run, tmp_path: Path) -> None:
    """Those of an export that is named; a directory without any is refused."""
    attempts = write_attempts(tmp_path / "attempts", [attempted(0)])
    arguments = ("--input", write_export(tmp_path / "events", ROWS), "--json", "--attempts")
    status, out, _ = run(*arguments, attempts)
    assert (0, ["ci"]) == (status, [one["endpoint"] for one in json.loads(out)["answers"]["attempts_by_endpoint"]])
    (tmp_path / "empty").mkdir()
    status, out, err = run(*arguments, tmp_path / "empty")
    assert (2, "") == (status, out)
    assert "holds no Parquet files (registry-worker export --attempts --format parquet writes them)" in err
