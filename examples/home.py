"""What one demo keeps in its folder: a lock, a token, a configuration that is its user's to change, logs.

The configuration takes each address from a variable, with the usual address as its default. So it is written once, and
a run that finds a port taken only sets the variable.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from broker import free_port
from broker.ports import LOOPBACK, is_free
from runtime.config import Address, Settings
from runtime.config.load import load

KAFKA_PORT = 9092
KAFKA = f"{LOOPBACK}:{KAFKA_PORT}"
INTAKE, WORKER, ENDPOINT = f"{LOOPBACK}:5050", f"{LOOPBACK}:5051", f"{LOOPBACK}:5052"
ENDPOINT_PATH = "/hooks/registry"
PREFIX = "registry"
TOKEN = "intake-token"
CONFIGURATION = f"""\
# The configuration of `make run` and `make demo`: change it and run them again. It is kept until `make clean`; if you
# remove it, the next run writes it again. docs/configuration.md has every key. For a bridge of your own:
#   cp bridge.example.yaml bridge.yaml

kafka:
  bootstrap.servers: ${{DEMO_KAFKA:-{KAFKA}}}      # the local one, or what make run BROKER=host:port names
topics:
  events: ${{DEMO_PREFIX:-{PREFIX}}}.events
  dead_letters: ${{DEMO_PREFIX:-{PREFIX}}}.dead-letters
intake:
  listen: ${{DEMO_INTAKE:-{INTAKE}}}      # if that port is taken, the run sets the variable to another one
  path: /events
  authorization: Bearer ${{file:{TOKEN}}}
worker:
  listen: ${{DEMO_WORKER:-{WORKER}}}
  group_prefix: ${{DEMO_PREFIX:-{PREFIX}}}-worker
endpoints:
  - name: sample      # prints what arrives
    url: http://${{DEMO_ENDPOINT:-{ENDPOINT}}}{ENDPOINT_PATH}
"""


class HomeError(Exception):
    """The folder cannot be used; the text is one line that says why."""


@dataclass(slots=True)
class Home:
    """One demo's folder, and where its parts are to be found in this run.

    Args:
        folder: with the configuration and the logs.
        endpoint_port: where the sample endpoint listens.
        variables: those that are to be set for its configuration, since the default does not fit.
    """

    folder: Path
    endpoint_port: int
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "bridge.yaml"

    def set(self, name: str, value: str, default: str) -> None:
        """Sets a variable of the configuration if it is to differ from the default that stands there."""
        if value != default:
            self.variables[name] = value

    @property
    def environment(self) -> Mapping[str, str]:
        """Of the processes that read the configuration."""
        return {**os.environ, **self.variables}

    def settings(self) -> Settings:
        """What the configuration says now; raises ConfigurationError if its user has broken it."""
        return load(self.config, self.environment)


@contextmanager
def opened(folder: Path) -> Iterator[Home]:
    """The folder, for one demo at a time; made if it is not there. What it holds stays the same over runs.

    Raises:
        HomeError: another demo uses it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeError(f"the demo runs already: another process uses {folder}") from None
        _keep(folder / TOKEN, secrets.token_urlsafe(24))
        _keep(folder / "bridge.yaml", CONFIGURATION)
        endpoint = _usable(ENDPOINT)
        home = Home(folder, int(endpoint.rpartition(":")[2]))
        home.set("DEMO_ENDPOINT", endpoint, ENDPOINT)
        home.set("DEMO_INTAKE", _usable(INTAKE), INTAKE)
        home.set("DEMO_WORKER", _usable(WORKER), WORKER)
        yield home


def reachable(listen: Address) -> str:
    """HOST:PORT by which this machine reaches a server that listens there."""
    return f"{LOOPBACK if listen.host in {'0.0.0.0', '::'} else listen.host}:{listen.port}"


def _usable(address: str) -> str:
    """This address of the loopback, or one with another port if that is taken."""
    port = int(address.rpartition(":")[2])
    return address if is_free(port) else f"{LOOPBACK}:{free_port()}"


def _keep(file: Path, content: str) -> None:
    """Writes a file, whole or not at all, if it is not there yet."""
    if not file.exists():
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(content)
        new.rename(file)
