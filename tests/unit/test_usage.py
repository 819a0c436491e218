"""The commands without arguments, as somebody calls them who does not know them yet."""

import sys
from pathlib import Path

import click
import pytest

from consumer.cli import commands as worker
from producer.cli import commands as bridge
from runtime.cli.running import run_command

GROUPS = {
    "registry-bridge": (bridge, []),
    "registry-worker": (worker, []),
    "registry-worker dead-letters": (worker, ["dead-letters"]),
}


def ran(
    name: str, *more: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    group, arguments = GROUPS[name]
    program = name.split(maxsplit=1)[0]
    assert isinstance(group, click.Group)
    monkeypatch.setattr(sys, "argv", [program, *arguments, *more])
    return (run_command(group, program), *capsys.readouterr())


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_alone_is_the_help(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with the exit status of wrong use: a script that lost its argument must not go on."""
    helped, page, _ = ran(name, "--help", monkeypatch=monkeypatch, capsys=capsys)
    alone, out, err = ran(name, monkeypatch=monkeypatch, capsys=capsys)
    assert (0, 2, "") == (helped, alone, out)
    assert page.strip() == err.strip()
    assert err.startswith(f"Usage: {name} ")


def test_a_wrong_word_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the command, and where to read more."""
    status, out, err = ran("registry-worker", "stauts", monkeypatch=monkeypatch, capsys=capsys)
    assert (2, "") == (status, out)
    (line,) = err.splitlines()
    assert line.startswith("registry-worker: No such command 'stauts'.")
    assert line.endswith("(see --help)")


def test_a_missing_choice_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It has all that can be chosen."""
    _, _, err = ran("registry-bridge", "views", monkeypatch=monkeypatch, capsys=capsys)
    told = "Missing option '--engine'. Choose from: clickhouse, duckdb, flink, spark, trino (see --help)"
    assert f"registry-bridge views: {told}\n" == err


def test_a_duration_without_a_unit_may_be_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No unit is proposed before the others: of these two one removes snapshots of the last week."""
    _, _, err = ran("registry-worker", "export", "--expire", "7", monkeypatch=monkeypatch, capsys=capsys)
    assert "Invalid value for '--expire': '7' has no unit; write 7s, 7m, 7h or 7d (see --help)" in err


def test_a_command_of_the_other_program_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how the command is called; the same word after a group of commands is another."""
    status, out, err = ran("registry-worker", "check", monkeypatch=monkeypatch, capsys=capsys)
    told = "registry-worker: check is a command of the other program: registry-bridge check\n"
    assert (2, "", told) == (status, out, err)
    _, _, err = ran("registry-worker", "dead-letters", "check", monkeypatch=monkeypatch, capsys=capsys)
    assert err.startswith("registry-worker dead-letters: No such command 'check'.")


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("registry-worker", ["deliver", "--processes", "2", "--until-caught-up"], "runs in one process"),
        ("registry-bridge", ["serve", "--processes", "2"], "intake.spool keeps the events of a repository in order"),
        ("registry-worker", ["deliver", "--processes", "0"], "Invalid value for '--processes'"),
    ],
)
def test_what_cannot_be_done_by_several_processes(
    name: str, words: list[str], told: str, *, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Is wrong use, in one line."""
    monkeypatch, capsys = request.getfixturevalue("monkeypatch"), request.getfixturevalue("capsys")
    file = tmp_path / "bridge.yaml"
    spool = f"intake: {{spool: {{dir: {tmp_path}}}}}"
    endpoints = 'endpoints: [{name: ci, url: "http://127.0.0.1:9/"}]'
    file.write_text(f'kafka: {{bootstrap.servers: "127.0.0.1:9"}}\n{spool}\n{endpoints}\n')
    status, out, err = ran(name, *words, "-c", str(file), monkeypatch=monkeypatch, capsys=capsys)
    assert (2, "") == (status, out)
    (line,) = err.splitlines()
    assert told in line
