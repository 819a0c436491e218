"""The set-up of Debian packages: what it does as root, what it prints otherwise. Its apt-get and sudo are stand-ins."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.debian import PACKAGES
from tests.kit.paths import ROOT

DEBIAN = {names[0] for names in PACKAGES.values()}
UBUNTU = {names[-1] for names in PACKAGES.values()}


def programs(folder: Path, known: set[str], *, installs: bool = True, sudo: bool | None = None) -> Path:
    """A folder for PATH: package programs that know these packages and put the programs in place, and write a log."""
    folder.mkdir()
    brings = [f"touch {folder}/{name}; chmod +x {folder}/{name}" for name in PACKAGES] if installs else []
    cases = f"case $1 in install) {'; '.join(brings) or ':'};; esac"
    scripts = {
        "apt-get": f'echo "apt-get $*" >> {folder}/log; {cases}',
        "apt-cache": f"case $2 in {'|'.join(sorted(known))}) exit 0;; esac; exit 100",
        "env": 'while case $1 in *=*) true;; *) false;; esac; do shift; done; exec "$@"',
    }
    if sudo is not None:
        scripts["sudo"] = 'shift; exec "$@"' if sudo else "exit 1"
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\nPATH=$PATH:/usr/bin:/bin\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def run(path: Path, *packages: str, root: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs it with nothing else on PATH."""
    script = f"import sys; from debian import main; sys.exit(main(sys.argv[1:], root={root}))"
    environment = {"PATH": str(path), "PYTHONPATH": str(ROOT / "tests" / "kit")}  # as the script that it is
    command = [sys.executable, "-c", script, *packages]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def names(known: set[str]) -> str:
    """All packages as a system calls them."""
    return " ".join(next(name for name in some if name in known) for some in PACKAGES.values())


@pytest.mark.parametrize("known", [DEBIAN, UBUNTU], ids=["Debian", "Ubuntu"])
@pytest.mark.parametrize("root", [True, False], ids=["root", "sudo"])
def test_installs_what_is_missing(tmp_path: Path, known: set[str], *, root: bool) -> None:
    """Packages go by the names that the system knows, after an update, and a second run does nothing."""
    path = programs(tmp_path / "bin", known, sudo=None if root else True)
    done = run(path, root=root)
    assert (0, "", f"Debian packages: {names(known)}\n") == (done.returncode, done.stdout, done.stderr)
    log = (path / "log").read_text()
    assert log == f"apt-get update -qq\napt-get install -qq --yes --no-install-recommends {names(known)}\n"
    done = run(path, root=root)
    assert (0, "") == (done.returncode, done.stderr)
    assert log == (path / "log").read_text()


@pytest.mark.parametrize("sudo", [None, False], ids=["no sudo", "a sudo that asks a password"])
def test_who_is_not_root_is_told_the_command(tmp_path: Path, *, sudo: bool | None) -> None:
    """One line with the command to type; nothing is run."""
    path = programs(tmp_path / "bin", UBUNTU, sudo=sudo)
    done = run(path, root=False)
    told = f"make: packages are missing; type: sudo apt-get install {names(UBUNTU)}\n"
    assert (1, told) == (done.returncode, done.stderr)
    assert not (path / "log").exists()


def test_one_that_is_there_is_not_asked_for(tmp_path: Path) -> None:
    """What the system has by whatever way stays as it is."""
    path = programs(tmp_path / "bin", DEBIAN)
    for program in ("chromium", "chromedriver"):
        (path / program).touch(mode=0o755)
    assert "Debian packages: docker-registry skopeo kcat jq prometheus kubernetes-client systemd\n" == run(path).stderr


def test_packages_can_be_named(tmp_path: Path) -> None:
    """A package whose program cannot be looked for is asked for by its name."""
    path = programs(tmp_path / "bin", {"python3-venv"})
    assert "Debian packages: python3-venv\n" == run(path, "python3-venv").stderr


def test_a_package_without_its_program_is_told(tmp_path: Path) -> None:
    """A package that only points at a snap, where there are no snaps, leaves its program missing: that is an error."""
    done = run(programs(tmp_path / "bin", DEBIAN, installs=False))
    assert 1 == done.returncode
    still = " ".join(PACKAGES)
    assert f"make: apt-get has installed its packages, and still missing: {still}" == done.stderr.splitlines()[-1]


def test_a_system_without_apt_is_told_the_programs(tmp_path: Path) -> None:
    """Elsewhere the programs are named."""
    done = run(tmp_path)
    assert (1, f"make: missing here: {' '.join(PACKAGES)} (no apt-get brings them)\n") == (
        done.returncode,
        done.stderr,
    )
