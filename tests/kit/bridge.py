"""Our two commands as a test installs them: one configuration, topics and groups of the test's own.

Everything goes through the commands themselves; nothing here imports the bridge or the worker.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from tests.kit import forked
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.process import Process

NONE: Mapping[str, Any] = MappingProxyType({})
FREE = "127.0.0.1:0"
BRIDGE = "producer.cli"
WORKER = "consumer.cli"
COMMAND_LIMIT_S = 2 * LIMIT_S  # a command that waits by itself, --timeout 120s at most, tells more than a limit here


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended by itself."""

    code: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class Installation:
    """A configuration and the processes that run on it.

    Args:
        bootstrap: the Kafka.
        topic: the events topic; the dead-letter topic is `TOPIC.dead`, the groups are `TOPIC.ENDPOINT`.
        folder: each process has a folder in it.
        partitions: of topics that are created.
        endpoints: entries of the configuration's `endpoints`.
        sections: over the sections made here, key by key.
    """

    bootstrap: str
    topic: str
    folder: Path
    partitions: int = 4
    endpoints: Sequence[Mapping[str, Any]] = ()
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def dead_letters(self) -> str:
        """The dead-letter topic."""
        return f"{self.topic}.dead"

    def group(self, endpoint: str) -> str:
        """The consumer group of an endpoint."""
        return f"{self.topic}.{endpoint}"

    def config(self) -> dict[str, Any]:
        """The configuration file's content."""
        made: dict[str, Any] = {
            "kafka": {"bootstrap.servers": self.bootstrap},
            "topics": {
                "events": self.topic,
                "dead_letters": self.dead_letters,
                "control": f"{self.topic}.control",
                "partitions": self.partitions,
            },
            "intake": {"listen": FREE},
            "worker": {"listen": FREE, "group_prefix": self.topic},
            "endpoints": [dict(endpoint) for endpoint in self.endpoints],
        }
        for name, section in self.sections.items():
            made[name] = {**made.get(name, {}), **section}
        return made

    def bridge(self, *arguments: str, name: str = "bridge", environment: Mapping[str, str] = NONE) -> Process:
        """`registry-bridge serve`, not started yet."""
        return self._process(BRIDGE, "serve", *arguments, name=name, environment=environment)

    def worker(self, *arguments: str, name: str = "worker", environment: Mapping[str, str] = NONE) -> Process:
        """`registry-worker deliver`, not started yet."""
        return self._process(WORKER, "deliver", *arguments, name=name, environment=environment)

    def run_bridge(self, *arguments: str, stdin: bytes = b"", timeout: float = COMMAND_LIMIT_S) -> Finished:
        """Runs a `registry-bridge` command to its end."""
        return self._run(BRIDGE, arguments, stdin, timeout)

    def run_worker(self, *arguments: str, timeout: float = COMMAND_LIMIT_S) -> Finished:
        """Runs a `registry-worker` command to its end."""
        return self._run(WORKER, arguments, b"", timeout)

    def publish(self, *bodies: bytes, options: Sequence[str] = ()) -> None:
        """Writes the events of these envelopes into the topic; AssertionError if not all are acknowledged."""
        self.folder.mkdir(parents=True, exist_ok=True)
        source = self.folder / "publish.jsonl"
        source.write_bytes(b"".join(body.replace(b"\n", b" ") + b"\n" for body in bodies))
        done = self.run_bridge("publish", *options, str(source))
        assert done.code == 0, done.stderr

    def _process(self, module: str, *arguments: str, name: str, environment: Mapping[str, str]) -> Process:
        folder = self.folder / name
        return Process(module, *arguments, folder=folder, config=self.config(), environment=environment)

    def _run(self, module: str, arguments: Sequence[str], stdin: bytes, timeout: float) -> Finished:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "command.yaml"
        file.write_text(yaml.safe_dump(self.config()))
        arguments = [*arguments, "-c", str(file)]
        done = _fed(module, arguments, stdin, timeout) if stdin else forked.run(module, arguments, timeout)
        finished = Finished(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in finished.stderr, finished.stderr
        return finished


def _fed(module: str, arguments: Sequence[str], stdin: bytes, timeout: float) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False, timeout=timeout)


def endpoint(name: str, url: str, **settings: Any) -> dict[str, Any]:
    """An entry of `endpoints` that tries again soon: tests have no time for the registry's own defaults."""
    return {"name": name, "url": url, "timeout": "30s", "backoff": "50ms", "max_backoff": "500ms", **settings}
