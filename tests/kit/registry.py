"""The real thing: Debian's docker-registry as a child process, with notification endpoints, and skopeo to drive it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from broker.leash import Leash
from broker.ports import LOOPBACK, free_port
from tests.kit.eventually import LIMIT_S
from tests.kit.programs import need
from tests.kit.registry_client import NONE, RegistryClient
from tests.kit.running import Running

PATIENT = "180s"
"""A timeout for a receiver of each event once: a registry sends again what was not answered in time."""


@dataclass(frozen=True, slots=True)
class NotificationEndpoint:
    """One of the registry's own notification endpoints; durations in Go's spelling."""

    name: str
    url: str
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    timeout: str = "5s"
    threshold: int = 5
    backoff: str = "1s"

    def rendered(self) -> dict[str, Any]:
        """As the registry's configuration file has it."""
        headers = {name: list(values) for name, values in self.headers.items()}
        return {
            "name": self.name,
            "url": self.url,
            "headers": headers,
            "timeout": self.timeout,
            "threshold": self.threshold,
            "backoff": self.backoff,
        }


class DockerRegistry(Running):
    """A docker-registry 2.8 on a free loopback port.

    Args:
        folder: where its blobs, configuration and log go.
        endpoints: whom it notifies.
        log_level: error, warn, info or debug.
        trusted: PEM file of the authorities that it trusts instead of the system's.
    """

    def __init__(
        self,
        folder: Path,
        endpoints: Sequence[NotificationEndpoint],
        *,
        log_level: str = "info",
        trusted: Path | None = None,
    ) -> None:
        self.address = f"{LOOPBACK}:{free_port()}"
        self.log = folder / "registry.log"
        self._folder = folder
        self._endpoints = endpoints
        self._log_level = log_level
        self._environment = {"SSL_CERT_FILE": str(trusted)} if trusted else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None

    @property
    def pid(self) -> int:
        """The id of its process, which must be up."""
        assert self._process is not None, "docker-registry is down"
        return self._process.pid

    def client(self, headers: Mapping[str, str] = NONE) -> RegistryClient:
        """A client of it that sends `headers` with every request."""
        return RegistryClient(self.address, headers)

    def reference(self, repository: str, reference: str) -> str:
        """How skopeo calls a tag of it."""
        return f"docker://{self.address}/{repository}:{reference}"

    def begin(self) -> None:
        """Starts the process."""
        program = need("docker-registry")
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = self._folder / "registry.yaml"
        configuration.write_text(yaml.safe_dump(self._configuration()))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "serve", str(configuration)],
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._leash = Leash(self._process.pid)

    def stop(self) -> None:
        """Ends it; what its endpoints have not got yet is lost, as ever with this registry. Quiet if it is down."""
        if self._process is None or self._leash is None:
            return
        self._process.terminate()
        self._leash.release()
        try:
            self._process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = self._leash = None

    def kill(self) -> None:
        """Kills it: what it holds in memory is gone. Quiet if it is down."""
        if self._process is not None:
            self._process.kill()
            self.stop()

    def is_up(self) -> bool:
        """Whether it answers."""
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"docker-registry ended with exit {self._process.returncode}: {self.log.read_text()}")
        try:
            return self.client().request("GET", "/v2/").status == 200
        except ConnectionError as error:
            raise AssertionError(f"docker-registry at {self.address}: {error}") from error

    def _configuration(self) -> dict[str, Any]:
        return {
            "version": 0.1,
            "log": {"level": self._log_level, "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self._folder / "storage")},
                "delete": {"enabled": True},
            },
            "http": {"addr": self.address, "secret": "only for tests"},
            "notifications": {
                "events": {"includereferences": True},
                "endpoints": [endpoint.rendered() for endpoint in self._endpoints],
            },
        }


def skopeo_copy(source: str, destination: str, *, all_platforms: bool = False) -> None:
    """Copies an image (`oci:FOLDER:TAG`, `docker://HOST:PORT/REPOSITORY:TAG`) over plain HTTP.

    Args:
        source: what to copy.
        destination: where to.
        all_platforms: copy an index with all its images, not the one of this machine.

    Raises:
        AssertionError: skopeo failed; the text is what it said.
    """
    command = [need("skopeo"), "--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false"]
    command += ["--all"] if all_platforms else []
    done = subprocess.run([*command, source, destination], capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, f"skopeo copy {source} {destination}: {done.stderr.strip()}"
