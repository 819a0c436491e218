"""The HTTP server over TLS: what goes with plain HTTP goes here, and nobody gets around its limits by the handshake."""

import asyncio
import contextlib
import gc
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from runtime.config import TLSSettings
from runtime.config.addresses import Address
from runtime.config.listener_tls import ListenerTLS
from runtime.http import limits
from runtime.http.asgi import Request, Response, Route, application
from runtime.http.bindings import TcpBinding
from runtime.http.guarded_connection import GuardedConnection
from runtime.http.open_connections import OpenConnections
from runtime.http.server import Server
from runtime.http.server_tls import ServerTLS
from runtime.http.tls_front import TLSFront
from runtime.http.unreadable import Unreadable
from tests.kit.authority import Authority, authority
from tests.kit.eventually import LIMIT_S

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass
class Seen:
    """What a server refuses."""

    refused: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def unreadable(self, refused: Unreadable) -> None:
        """Keep why."""
        self.refused.append(refused.reason)

    def closed(self, reason: str) -> None:
        """Keep it."""
        self.reasons.append(reason)


@dataclass
class Up:
    """A server that is up, what it refuses, and who has signed its certificate."""

    server: Server
    trusted: Authority
    seen: Seen

    @property
    def connections(self) -> OpenConnections:
        """Those that are open."""
        return self.server._connections

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self.server.address is not None
        return self.server.address.port

    def client(self, shown: TLSSettings | None = None) -> ssl.SSLContext:
        """A client's side, with a certificate of its own or without."""
        context = ssl.create_default_context(cafile=str(self.trusted.file))
        if shown is not None and shown.cert is not None:
            context.load_cert_chain(shown.cert, shown.key)
        return context

    async def connect(self, context: ssl.SSLContext | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection over TLS."""
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=context or self.client())

    async def plain(self, data: bytes) -> bytes:
        """All that is answered to these bytes without TLS."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            return await read_all(reader)
        finally:
            writer.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when something is so."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110 - of another program's side
                await asyncio.sleep(0.01)


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end."""
    found = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLError):
        async with asyncio.timeout(LIMIT_S):
            while piece := await reader.read(65536):
                found += piece
    return found


async def answered(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """One answer: its first line, and its body."""
    async with asyncio.timeout(LIMIT_S):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return head.split(b"\r\n")[0], await reader.readexactly(length)


def files(folder: Path, ca: Authority, name: str = "listener", client_ca: Path | None = None) -> ListenerTLS:
    """A listener's certificate and key, as files."""
    issued = ca.ca.issue_cert("127.0.0.1")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    return ListenerTLS(cert=cert, key=key, client_ca=client_ca)


@asynccontextmanager
async def serving(folder: Path, *, asks: bool = False) -> AsyncIterator[Up]:
    """A server with a certificate; `asks` for one of clients."""

    async def respond(request: Request) -> Response:
        if request.path == "/refused":
            return Response.text(413, "not here")
        if request.path == "/scheme":
            return Response.text(200, request.scope["scheme"])
        size = sum([len(piece) async for piece in request.chunks()])
        return Response.text(200, f"{request.method} {size}")

    trusted = authority(folder)
    tls = ServerTLS(files(folder, trusted, client_ca=trusted.file if asks else None), every_s=0.05)
    everything = Route(("GET", "POST"), lambda _: True, respond)
    binding, seen = TcpBinding(Address("127.0.0.1", 0), tls=tls), Seen()
    up = Up(Server(application([everything]), binding, drain_s=1.0, observer=seen), trusted, seen)
    stop = asyncio.Event()
    running = asyncio.create_task(up.server.serve(stop))
    try:
        yield up
    finally:
        stop.set()
        await asyncio.wait_for(running, LIMIT_S)


@pytest.fixture(params=[uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[None]], None]:
    """Runs a test on the loop of the commands, and on that of Python."""
    runs: Callable[[Awaitable[None]], None] = request.param
    return runs


Run = Callable[[Awaitable[None]], None]


def test_an_application_is_told_the_scheme(run: Run, tmp_path: Path) -> None:
    """As ASGI has it: a trace shows it."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            reader, writer = await up.connect()
            writer.write(GET.replace(b"/ ", b"/scheme ", 1))
            assert b"https" == (await answered(reader))[1]
            writer.close()

    run(scenario())


def test_requests_over_one_connection(run: Run, tmp_path: Path) -> None:
    """Small and large bodies, and two requests that come at once; HTTP/1.1 is what ALPN ends with."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            context = up.client()
            context.set_alpn_protocols(["h2", "http/1.1"])
            reader, writer = await up.connect(context)
            assert "http/1.1" == writer.get_extra_info("ssl_object").selected_alpn_protocol()
            writer.write(GET + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde")
            assert [b"GET 0", b"POST 5"] == [(await answered(reader))[1] for _ in range(2)]
            size = 3_000_000
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
            assert b"POST %d" % size == (await answered(reader))[1]
            writer.close()
            await up.until(lambda: len(up.connections) == 0)
            assert ([], []) == (up.seen.refused, up.seen.reasons)

    run(scenario())


def test_a_request_with_the_end_of_the_handshake(run: Run, tmp_path: Path) -> None:
    """A client sends the last step of the handshake and its request as one segment."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = up.client().wrap_bio(came, goes, server_hostname="127.0.0.1")
            reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    writer.write(goes.read())
                    came.write(await reader.read(65536))
            client.write(GET)
            writer.write(goes.read())
            found = b""
            while b"GET 0" not in found:
                came.write(await asyncio.wait_for(reader.read(65536), LIMIT_S))
                with contextlib.suppress(ssl.SSLWantReadError):
                    found += client.read(65536)
            writer.close()

    run(scenario())


def test_an_answer_before_the_end_of_the_body(run: Run, tmp_path: Path) -> None:
    """It arrives, though the client still sends and TLS has no half of a connection."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            reader, writer = await up.connect()
            head = b"POST /refused HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"
            writer.write(head + b"x" * 100_000)
            assert b"HTTP/1.1 413 " in (await answered(reader))[0]
            writer.write(b"x" * 100_000)
            assert b"" == await read_all(reader)
            writer.close()

    run(scenario())


def test_plain_http_is_told_what_is_spoken(run: Run, tmp_path: Path) -> None:
    """In plain HTTP, and whoever observes the server learns of it."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            answer = await up.plain(GET)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b"use https://" in answer
            assert ["plain"] == up.seen.refused
            assert b"" == await up.plain(b"\x16\x03\x01\x00\x05hello"), "it looks like TLS, and is none"
            await up.until(lambda: "handshake" in up.seen.reasons)

    run(scenario())


def handshakes(up: Up) -> int:
    """How many open connections have begun one."""
    return sum(isinstance(one, TLSFront) and one._handshake is not None for one in up.connections._open)


def test_who_says_nothing_makes_room(run: Run, tmp_path: Path) -> None:
    """Neither a silent connection nor half a handshake lasts longer than a head may take; both count as open."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            begun = asyncio.get_running_loop().time()
            silent = socket.create_connection(("127.0.0.1", up.port))
            slow = socket.create_connection(("127.0.0.1", up.port))
            slow.sendall(b"\x16\x03\x01\x02\x00\x01")
            await up.until(lambda: len(up.connections) == 2 and handshakes(up) == 1)
            up.connections.sweep(begun + limits.HEAD_LIMIT_S - 1)
            assert 2 == len(up.connections)
            up.connections.sweep(asyncio.get_running_loop().time() + limits.HEAD_LIMIT_S + 1)
            assert (0, ["handshake", "silent"]) == (len(up.connections), sorted(up.seen.reasons))
            for one in (silent, slow):
                one.settimeout(LIMIT_S)
                with contextlib.suppress(ConnectionResetError):
                    assert b"" == await asyncio.to_thread(one.recv, 1)
                one.close()

    run(scenario())


def test_who_hangs_up_in_the_middle_costs_nothing(run: Run, tmp_path: Path) -> None:
    """Whenever it is: no place, no fault of ours in the log, and others are served."""

    async def scenario() -> None:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        async with serving(tmp_path) as up:
            for number in range(60):
                gone = socket.create_connection(("127.0.0.1", up.port))
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                gone.sendall(b"\x16\x03\x01\x02\x00\x01\x00"[: number % 8])
                await asyncio.sleep(0.001 * (number % 3))
                gone.close()
            await up.until(lambda: len(up.connections) == 0)
            reader, writer = await up.connect()
            writer.write(GET)
            assert b"GET 0" == (await answered(reader))[1]
            writer.close()
        assert [] == faults

    run(scenario())


def test_a_connection_that_is_over_is_gone(run: Run, tmp_path: Path) -> None:
    """Its buffers are freed at once, not when the garbage collector looks: that is after a thousand probes."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            for _ in range(10):
                reader, writer = await up.connect()
                writer.write(GET)
                await answered(reader)
                writer.close()
                await writer.wait_closed()
            await up.until(lambda: len(up.connections) == 0)
            await up.until(lambda: connections_in_memory() == 0)

    gc.collect()
    gc.disable()
    try:
        run(scenario())
    finally:
        gc.enable()


def connections_in_memory() -> int:
    """Of the server, open or not."""
    return sum(type(one) is GuardedConnection for one in gc.get_objects())  # a proxy of what is gone has no class


def test_clients_must_show_a_certificate(run: Run, tmp_path: Path) -> None:
    """With `client_ca`: of that authority; the log says why another is refused."""

    async def scenario() -> None:
        async with serving(tmp_path, asks=True) as up:
            mine = up.trusted.client(tmp_path)
            (tmp_path / "stranger").mkdir()
            stranger = authority(tmp_path / "stranger").client(tmp_path / "stranger")
            reader, writer = await up.connect(up.client(mine))
            writer.write(GET)
            assert b"GET 0" == (await answered(reader))[1]
            writer.close()
            with capture_logs() as lines:  # the server looks by itself each second too
                for context in (up.client(), up.client(stranger)):
                    with contextlib.suppress(OSError):
                        reader, writer = await up.connect(context)
                        writer.write(GET)
                        assert b"" == await read_all(reader)
                        writer.close()
                await up.until(lambda: up.seen.reasons == ["handshake", "handshake"])
                up.connections.sweep(asyncio.get_running_loop().time())
            errors = {line["error"] for line in lines if line["event"] == "tls.handshake_failed"}
            assert {"peer did not return a certificate", "certificate verify failed"} == errors

    run(scenario())


def test_a_renewed_certificate_is_shown_to_whoever_comes_next(run: Run, tmp_path: Path) -> None:
    """The connections that are open go on; files that do not fit change nothing until they do."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            reader, writer = await up.connect()
            before = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            with capture_logs() as lines:
                new = files(tmp_path, up.trusted, "new")
                new.cert.replace(tmp_path / "listener.pem")
                await up.until(lambda: any(line["event"] == "tls.not_reloaded" for line in lines))
                new.key.replace(tmp_path / "listener.key")
                await up.until(lambda: any(line["event"] == "tls.reloaded" for line in lines))
            (_, other) = await up.connect()
            assert before != other.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.write(GET)
            assert b"GET 0" == (await answered(reader))[1]
            for one in (writer, other):
                one.close()

    run(scenario())


def test_a_stop_waits_for_no_handshake(run: Run, tmp_path: Path) -> None:
    """A silent connection delays nothing."""

    async def scenario() -> None:
        async with serving(tmp_path) as up:
            silent = socket.create_connection(("127.0.0.1", up.port))
            await up.until(lambda: len(up.connections) == 1)
        silent.close()

    run(scenario())
