"""A Maven repository on the loopback, and programs in processes of their own that bring what they need from it."""

import hashlib
import subprocess
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from broker.lock import Coordinate, Lock, LockedFile
from broker.ports import LOOPBACK, free_port
from tests.kit.paths import ROOT
from tests.kit.running import Running

BRING = """
import sys
from pathlib import Path
from broker import LocalKafkaError, Program
try:
    print(*Program("Sample", Path(sys.argv[1])).files(), sep="\\n")
except LocalKafkaError as error:
    sys.exit(str(error))
"""
POM = """<project><modelVersion>4.0.0</modelVersion><groupId>{0.group}</groupId><artifactId>{0.artifact}</artifactId>
<version>{0.version}</version><dependencies>{1}</dependencies></project>"""
NEED = """<dependency><groupId>{0.group}</groupId><artifactId>{0.artifact}</artifactId><version>{0.version}</version>
<scope>{1}</scope></dependency>"""


class MavenRepository(Running):
    """What a repository serves, by path.

    Attributes:
        asked: the paths that were asked for, in order.
        short: paths of which only the first half is sent before the connection ends.
        held: while it is cleared, files are announced and not sent.
        holds: set once a file has been announced.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.short: set[str] = set()
        self.held = threading.Event()
        self.held.set()
        self.holds = threading.Event()
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None

    def add(self, coordinate: Coordinate, content: bytes, needs: Mapping[Coordinate, str] | None = None) -> LockedFile:
        """Serves a file and its description, which needs others by scope; gives what a lock says of it."""
        needed = "".join(NEED.format(one, scope) for one, scope in (needs or {}).items())
        self.files[str(coordinate.path)] = content
        self.files[str(coordinate.path.with_suffix(".pom"))] = POM.format(coordinate, needed).encode()
        return LockedFile(coordinate, len(content), hashlib.sha256(content).hexdigest())

    def environment(self, folder: Path, port: int | None = None) -> dict[str, str]:
        """Of a process that has this repository as its mirror, and `folder` as its home."""
        folder.mkdir(exist_ok=True)
        config = folder / "jgo.conf"
        config.write_text(f"[repositories]\ncentral = http://{LOOPBACK}:{port or self.port}\n")
        return {"HOME": str(folder), "PATH": "/usr/bin:/bin", "JGO_CONFIG_FILE": str(config)}

    def begin(self) -> None:
        """Answers on the loopback from now on."""
        self._server = server = ThreadingHTTPServer((LOOPBACK, self.port), self._requests())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Answers no more."""
        if self._server is None:
            return
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    def _requests(self) -> type[BaseHTTPRequestHandler]:
        repository = self

        class Requests(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.lstrip("/")
                repository.asked.append(path)
                content = repository.files.get(path)
                self.send_response(HTTPStatus.NOT_FOUND if content is None else HTTPStatus.OK)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                repository.holds.set()
                repository.held.wait()
                body = content or b""
                self.wfile.write(body[: len(body) // 2] if path in repository.short else body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
                """Nothing: what was asked is kept."""

        return Requests


def bringing(lock: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """A process that brings what a lock names and prints the paths, or the error on its standard error."""
    command = [sys.executable, "-c", BRING, str(lock)]
    return subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def write_lock(path: Path, *files: LockedFile) -> Path:
    """A lock file that wants the first of these files and names them all."""
    path.write_text(Lock((files[0].coordinate,), files).rendered())
    return path
