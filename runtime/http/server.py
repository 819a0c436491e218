"""The HTTP server: uvicorn under our own signals and limits. Alone imports it, with `server_protocol.py`."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final, Protocol

import structlog
import uvicorn

from runtime.config.addresses import Address
from runtime.errors import BridgeError
from runtime.http.asgi import Application
from runtime.http.open_connections import ClosedObserver, OpenConnections
from runtime.http.server_protocol import GuardedServing
from runtime.http.unreadable import Unreadable, UnreadableObserver

_log: Final = structlog.get_logger(__name__)

_BACKLOG: Final = 2048
_SWEEP_S: Final = 0.5


class RefusalObserver(UnreadableObserver, ClosedObserver, Protocol):
    """Learns of whatever is refused before the application sees it."""


class AddressTakenError(BridgeError):
    """Nothing can listen there."""


class _Uvicorn(uvicorn.Server):
    """Uvicorn that leaves signals alone: its own capture raises SIGTERM again after draining (exit -15)."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One application on one address."""

    def __init__(
        self,
        app: Application,
        address: Address,
        *,
        drain_s: float,
        observer: RefusalObserver | None = None,
    ) -> None:
        """Takes the address at once.

        Args:
            app: what answers.
            address: where; port 0 takes a free one.
            drain_s: how long requests under way may take at shutdown, in seconds.
            observer: learns of what is answered before the application sees it, and of connections that are closed
                without an answer; by default the former are logged. The latter always are.

        Raises:
            AddressTakenError: the address is not to be had.
        """
        self._socket = _bound(address)
        host, port = self._socket.getsockname()[:2]
        self.address: Final = Address(host, port)
        self._connections = OpenConnections(observer)
        config = uvicorn.Config(
            app,
            lifespan="off",
            interface="asgi3",
            http=GuardedServing(self._connections, observer or _UnreadableLog()),  # type: ignore[arg-type]  # it is called
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=max(1, round(drain_s)),
        )
        self._uvicorn = _Uvicorn(config)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then close the door and answer what is under way."""
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        stopping = asyncio.create_task(stop.wait())
        sweeping = asyncio.create_task(self._sweep())
        _log.info("listening", address=str(self.address))
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        self._uvicorn.should_exit = True
        stopping.cancel()
        try:
            await serving
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        """End what waits too long, for as long as there is a server."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._connections.sweep(loop.time())


class _UnreadableLog:
    """Logs what is no HTTP request."""

    def unreadable(self, refused: Unreadable) -> None:
        _log.warning(
            "http.refused", status=refused.status, reason=refused.reason, error=refused.error, sender=refused.sender
        )


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address.host, address.port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise AddressTakenError(f"cannot listen on {address}: {error.strerror or error}") from error
    return sock
