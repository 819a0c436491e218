"""The units in deploy/systemd: what systemd says of them, and that they fit the commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from consumer.cli import commands as worker_commands
from producer.cli import commands as bridge_commands
from runtime.config import EndpointSettings
from runtime.config.settings import WorkerSettings
from runtime.deadline import CLOSE_GRACE_S
from runtime.last_resort import GRACE_S
from tests.kit.paths import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
WORST_EXPOSURE = 20
"""In tenths, of 100: systemd calls less OK. It is 14 with systemd 252."""
PROGRAMS = {"registry-bridge": bridge_commands, "registry-worker": worker_commands}
INSTALLED = "/opt/registry-event-bridge/bin/"


def settings_of(unit: Path) -> dict[str, list[str]]:
    """The unit's settings; one that stands more than once has all its values."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture(params=UNITS, ids=lambda unit: str(unit.stem))
def unit(request: pytest.FixtureRequest) -> Path:
    """Each of them."""
    assert isinstance(request.param, Path)
    return request.param


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says."""
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_systemd_understands_it(unit: Path, tmp_path: Path) -> None:
    """Every setting, where the command is installed."""
    here = tmp_path / unit.name
    here.write_text(unit.read_text("utf-8").replace(INSTALLED, f"{Path(sys.executable).parent}/"))
    done = analyze("verify", "--man=no", here)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_systemd_finds_an_unknown_setting(unit: Path, tmp_path: Path) -> None:
    """The check itself."""
    here = tmp_path / unit.name
    text = unit.read_text("utf-8").replace(INSTALLED, f"{Path(sys.executable).parent}/")
    here.write_text(text.replace("ProtectHome=yes", "ProtectHomes=yes"))
    assert "'ProtectHomes'" in analyze("verify", "--man=no", here).stderr


def test_it_is_confined(unit: Path) -> None:
    """By systemd's own measure."""
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={WORST_EXPOSURE}", unit)
    assert 0 == done.returncode, done.stdout


def test_it_runs_a_command_that_exists(unit: Path) -> None:
    """And stops trying if the configuration cannot be used."""
    found = settings_of(unit)
    (line,) = found["ExecStart"]
    program, command, *_ = line.removeprefix(INSTALLED).split()
    assert unit.stem in {program, f"{program}-{command}"}
    assert command in PROGRAMS[program].commands
    assert ["2"] == found["RestartPreventExitStatus"]


def test_it_reloads_if_its_command_does(unit: Path) -> None:
    """SIGHUP ends a command that does not take a changed configuration while it runs."""
    found = settings_of(unit)
    program, command, *_ = found["ExecStart"][0].removeprefix(INSTALLED).split()
    options = {option.name for option in PROGRAMS[program].commands[command].params}
    assert ("watch_config" in options) == ("ExecReload" in found)


def test_it_has_time_to_drain(unit: Path) -> None:
    """With the defaults; a longer drain or timeout needs a longer one, as the unit says."""
    (limit,) = settings_of(unit)["TimeoutStopSec"]
    worker = WorkerSettings()
    drain_s = worker.drain_of(EndpointSettings(name="e", url="http://127.0.0.1:9/"))
    assert float(limit.removesuffix("s")) > drain_s + CLOSE_GRACE_S + GRACE_S
