"""The commands without arguments, as somebody calls them who does not know them yet."""

import sys

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
    with pytest.raises(SystemExit) as ended:
        run_command(group, program)
    return (int(ended.value.code or 0), *capsys.readouterr())


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
