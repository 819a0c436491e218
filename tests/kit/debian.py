"""`python3 tests/kit/debian.py` brings the Debian packages whose programs the tests run, where one is missing.

Runs before anything is installed, so it needs nothing but Python. As root, or by a sudo that asks no password, it
installs them; otherwise it prints the one command to type. With names of packages it brings those.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "docker-registry": ("docker-registry",),
    "skopeo": ("skopeo",),
    "kcat": ("kcat",),
    "jq": ("jq",),
    # Debian's name, then Ubuntu's, whose package brings a snap.
    "chromium": ("chromium", "chromium-browser"),
    "chromedriver": ("chromium-driver", "chromium-chromedriver"),
    "promtool": ("prometheus",),
    "kubectl": ("kubernetes-client",),
    "systemd-analyze": ("systemd",),
}
"""The programs, and what the packages that bring them are called; the first name that the system knows counts."""
SNAPS = "/snap/bin"


def find(program: str) -> str | None:
    """The path of a program, None if it is missing."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), SNAPS]))


def main(packages: Sequence[str], *, root: bool) -> int:
    """Brings these packages, or those of the missing programs, with `root` whether this is root; the exit status."""
    missing = [program for program in PACKAGES if find(program) is None]
    names: list[tuple[str, ...]] = [(package,) for package in packages] or [PACKAGES[program] for program in missing]
    if not names:
        return 0
    if shutil.which("apt-get") is None:
        return _refuse(f"missing here: {' '.join(packages or missing)} (no apt-get brings them)")
    become = [] if root else sudo()
    if become is None:
        return _refuse(f"packages are missing; type: sudo apt-get install {' '.join(_known(one) for one in names)}")
    if not (_apt(become, "update", "-qq") and _apt(become, "install", "-qq", *_install(names))):
        return _refuse("apt-get failed, see above")
    if still := [] if packages else [program for program in missing if find(program) is None]:
        return _refuse(f"apt-get has installed its packages, and still missing: {' '.join(still)}")
    return 0


def sudo() -> list[str] | None:
    """What a command is to begin with to run as root, None if that would ask for a password."""
    asks_nothing = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True)
    return ["sudo", "-n"] if asks_nothing and asks_nothing.returncode == 0 else None


def _apt(become: Sequence[str], *arguments: str) -> bool:
    command = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *arguments]
    # What it says goes where errors go: the standard output of a target is what it was asked for.
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode == 0


def _install(names: Sequence[Sequence[str]]) -> list[str]:
    packages = [_known(one) for one in names]
    sys.stderr.write(f"Debian packages: {' '.join(packages)}\n")
    return ["--yes", "--no-install-recommends", *packages]


def _known(names: Sequence[str]) -> str:
    """The first of these names that the system's package lists have; the first one if they have none."""
    shows = (subprocess.run(["apt-cache", "show", name], check=False, capture_output=True) for name in names)
    return next((name for name, shown in zip(names, shows, strict=False) if shown.returncode == 0), names[0])


def _refuse(why: str) -> int:
    sys.stderr.write(f"make: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], root=os.geteuid() == 0))
