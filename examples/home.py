"""What one demo keeps in its folder: a lock, a token, the configuration, logs; and which ports its parts take."""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from broker import free_port
from broker.ports import LOOPBACK, is_free

INTAKE_PORT, WORKER_PORT, ENDPOINT_PORT, KAFKA_PORT = 5050, 5051, 5052, 9092
INTAKE_PATH, ENDPOINT_PATH = "/events", "/hooks/registry"
TOKEN = "intake-token"
HEADER = """\
# Written by `make run` at each start, so changes are lost: copy it. It serves both commands, for example:
#   registry-bridge check -c {path}
"""


class HomeError(Exception):
    """The folder cannot be used; the text is one line that says why."""


@dataclass(frozen=True, slots=True)
class Home:
    """One demo's folder, and where its parts are to be found."""

    folder: Path
    intake: str
    worker: str
    endpoint_port: int

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "bridge.yaml"

    @property
    def authorization(self) -> str:
        """The Authorization value that the intake asks for."""
        return f"Bearer {(self.folder / TOKEN).read_text()}"

    def write(self, bootstrap: str, prefix: str) -> None:
        """Writes the configuration for the Kafka at `bootstrap`; `prefix` begins the names of topics and groups."""
        config = {
            "kafka": {"bootstrap.servers": bootstrap},
            "topics": {"events": f"{prefix}.events", "dead_letters": f"{prefix}.dead-letters"},
            "intake": {"listen": self.intake, "path": INTAKE_PATH, "authorization": f"Bearer ${{file:{TOKEN}}}"},
            "worker": {"listen": self.worker, "group_prefix": f"{prefix}-worker"},
            "endpoints": [{"name": "sample", "url": f"http://{LOOPBACK}:{self.endpoint_port}{ENDPOINT_PATH}"}],
        }
        text = HEADER.format(path=self.config.name) + yaml.safe_dump(config, sort_keys=False)
        self.config.write_text(text)


@contextmanager
def opened(folder: Path) -> Iterator[Home]:
    """The folder, for one demo at a time; made if it is not there. Its token stays the same over runs.

    Raises:
        HomeError: another demo uses it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeError(f"it runs already: another one uses {folder}") from None
        _keep_token(folder / TOKEN)
        intake, worker, endpoint = (port_or_free(port) for port in (INTAKE_PORT, WORKER_PORT, ENDPOINT_PORT))
        yield Home(folder, f"{LOOPBACK}:{intake}", f"{LOOPBACK}:{worker}", endpoint)


def port_or_free(port: int) -> int:
    """This port, or another one if it is taken."""
    return port if is_free(port) else free_port()


def _keep_token(path: Path) -> None:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
