"""The real schema registry of the tests: starts on the loopback, ends with its owner, and says why it cannot."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from broker.ports import LOOPBACK, free_port
from tests.kit import eventually
from tests.kit.apicurio import Apicurio, ApicurioError, make_archive
from tests.kit.apicurio.readiness import Place, wait_until_ready
from tests.kit.apicurio.settings import Settings
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.process_state import is_running, open_sockets


@pytest.fixture(scope="module")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apicurio]:
    """One that is up."""
    make_archive()
    with Apicurio(tmp_path_factory.mktemp("apicurio")) as up:
        yield up


def place(port: int) -> Place:
    """A place on the loopback, in the clear."""
    return Place(f"{LOOPBACK}:{port}", None)


def sockets(pid: int) -> list[tuple[str, str, str]]:
    """The local and remote addresses and states of a process's TCP sockets, as the kernel prints them."""
    inodes = open_sockets(pid)
    tables = "".join(Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = [line.split() for line in tables.splitlines()]
    return [(row[1], row[2], row[3]) for row in rows if len(row) > 9 and row[9] in inodes]


@contextmanager
def answering(body: bytes) -> Iterator[int]:
    """The port of somebody else's HTTP server, that answers everything with 200 and this body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with HTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_serves_schemas_as_soon_as_start_returns(apicurio: Apicurio) -> None:
    """A client that comes at once gets an answer."""
    assert (200, b"[]") == place(apicurio.port).get("/apis/ccompat/v7/subjects")
    assert f"http://127.0.0.1:{apicurio.port}/apis/ccompat/v7" == apicurio.url


def test_stays_on_the_loopback(apicurio: Apicurio) -> None:
    """It listens on one port of 127.0.0.1 and is connected to nobody elsewhere."""
    found = sockets(apicurio.pid)
    hosts = {address.split(":")[0] for one in found for address in one[:2] if not address.endswith(":0000")}
    # 127.0.0.1 as the kernel prints it: plain, or as an IPv4 address within IPv6.
    assert hosts <= {"0100007F", "0000000000000000FFFF00000100007F"}, found
    assert [f"{apicurio.port:04X}"] == [local.split(":")[1] for local, _, state in found if state == "0A"]


def test_comes_back_empty_where_it_was(apicurio: Apicurio) -> None:
    """After a kill it does not run; after a start it has the same address and no schemas. A second start is refused."""
    where, old = apicurio.url, apicurio.pid
    os.kill(old, signal.SIGKILL)
    eventually(lambda: not _runs(apicurio))
    apicurio.start()
    assert where == apicurio.url
    assert old != apicurio.pid
    assert (200, b"[]") == place(apicurio.port).get("/apis/ccompat/v7/subjects")
    with pytest.raises(ApicurioError, match=rf"runs already \(pid {apicurio.pid}\)"):
        apicurio.start()


def _runs(registry: Apicurio) -> bool:
    try:
        return registry.pid > 0
    except ApicurioError:
        return False


def test_refuses_a_taken_port(apicurio: Apicurio, tmp_path: Path) -> None:
    """A port on which somebody listens is one clear line, before anything is started."""
    with pytest.raises(ApicurioError) as refused:
        Apicurio(tmp_path / "other", port=apicurio.port).start()
    assert f"port {apicurio.port} of 127.0.0.1 is taken: stop what listens there or choose another" == str(
        refused.value
    )
    assert not (tmp_path / "other").exists()


def test_a_start_shares_the_classes_of_earlier_ones(apicurio: Apicurio) -> None:
    """It uses the archive that was made for it, and says nothing about it."""
    archive = make_archive()
    is_shared = str(archive) in Path(f"/proc/{apicurio.pid}/maps").read_text()
    assert (archive.stat().st_size > 0) == is_shared
    assert "cds" not in apicurio.log.read_text()


def test_says_when_another_one_answers(apicurio: Apicurio) -> None:
    """A registry that is not the one just started is never taken for it."""
    with pytest.raises(
        ApicurioError, match=rf"^another Apicurio Registry answers at 127.0.0.1:{apicurio.port}: 'tests-"
    ):
        wait_until_ready(place(apicurio.port), "ours", died=lambda: None, seconds=LIMIT_S)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_says_when_something_else_answers(body: bytes) -> None:
    """A server that is no registry is never taken for one."""
    with answering(body) as port, pytest.raises(ApicurioError) as refused:
        wait_until_ready(place(port), "ours", died=lambda: None, seconds=LIMIT_S)
    assert f"something else than Apicurio Registry answers at 127.0.0.1:{port}" == str(refused.value)


def test_says_when_nothing_answers_in_time() -> None:
    """Waiting ends at its time with the place and the last reason."""
    port = free_port()
    with pytest.raises(ApicurioError, match=rf"at 127.0.0.1:{port} is not ready after 0.3 s: .*refused"):
        wait_until_ready(place(port), "ours", died=lambda: None, seconds=0.3)


def test_says_why_it_died_at_start(apicurio: Apicurio, tmp_path: Path) -> None:
    """One that ends while it starts is reported at once, with its last error and where the log is."""
    registry = Apicurio(tmp_path, environment={**os.environ, "JAVA_HOME": str(_java_that_fails(tmp_path / "java"))})
    with pytest.raises(ApicurioError) as refused:
        registry.start()
    told = f"Apicurio Registry did not start: it ended with exit 3: now ERROR no room (log: {registry.log})"
    assert told == str(refused.value)


def _java_that_fails(home: Path) -> Path:
    """The home of a Java 17 that says why it ends."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    version = '[ "$1" = -version ] && { echo \'openjdk version "17.0.1"\' >&2; exit; }'
    program.write_text(
        f"#!/bin/sh\n{version}\necho 'now ERROR no room'\necho '    at a.frame'\necho 'now WARN good luck'\nexit 3\n"
    )
    program.chmod(0o755)
    return home


def test_a_killed_owner_leaves_none_behind(tmp_path: Path) -> None:
    """If the process that started it is killed, it ends too."""
    script = "import sys; from pathlib import Path; from tests.kit.apicurio import Apicurio\n"
    script += "up = Apicurio(Path(sys.argv[1])); up.start(); print(up.pid, flush=True); sys.stdin.read()"
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        owner.kill()
    eventually(lambda: not is_running(pid))


def test_its_settings_spell_any_password() -> None:
    """Backslashes and dollars stand for themselves, to the properties format and to Quarkus."""
    rendered = Settings("n", 1, users={"u": "a\\b${c}"}).rendered().splitlines()
    assert r"quarkus.security.users.embedded.users.u=a\\b\\${c}" in rendered
