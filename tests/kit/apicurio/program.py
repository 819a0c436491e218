"""The program of Apicurio Registry: its archive from its lock, unpacked once into a folder that is named after it."""

import tarfile
from pathlib import Path

from broker import LocalKafkaError, Program
from broker.jars import scratch
from tests.kit.apicurio.errors import ApicurioError
from tests.kit.paths import ROOT

# 3.0 runs on Java 17 and newer; 3.3 needs Java 21.
PROGRAM = Program("Apicurio Registry", Path(__file__).with_name("apicurio.lock.toml"))
HOME = ROOT / ".local" / "apicurio"


def unpacked(program: Program = PROGRAM, home: Path = HOME) -> Path:
    """The jar that is to be started; its archive is brought and unpacked into `home` if it is not there yet.

    Raises:
        ApicurioError: it cannot be brought, or is not what it should be.
    """
    try:
        folder = home / program.version
        if not folder.exists():
            _unpack(program, folder)
    except (LocalKafkaError, tarfile.TarError) as error:
        raise ApicurioError(f"Apicurio Registry cannot be brought: {error}") from error
    runners = list(folder.glob("*-runner.jar"))
    if len(runners) != 1:
        raise ApicurioError(f"{folder} holds {len(runners)} programs instead of one: remove it to unpack it anew")
    return runners[0]


def _unpack(program: Program, folder: Path) -> None:
    """Puts the whole in place in one step, so that an interrupted run leaves nothing that looks complete."""
    [archive] = program.files()
    with scratch(folder.parent) as new:
        if folder.exists():  # another process was quicker
            return
        with tarfile.open(archive) as packed:
            packed.extractall(new / "program", filter="data")
        (new / "program").rename(folder)
