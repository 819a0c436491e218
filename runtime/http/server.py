"""The HTTP server: uvicorn under our own signals. Alone imports it, with `server_protocol.py`."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import structlog
import uvicorn

from runtime.config.addresses import Address
from runtime.errors import BridgeError
from runtime.http.asgi import Application
from runtime.http.server_protocol import Unreadable, UnreadableObserver, protocol

_log: Final = structlog.get_logger(__name__)

_BACKLOG: Final = 2048


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
        observer: UnreadableObserver | None = None,
    ) -> None:
        """Takes the address at once.

        Args:
            app: what answers.
            address: where; port 0 takes a free one.
            drain_s: how long requests under way may take at shutdown, in seconds.
            observer: learns of what is answered 400 because it is no HTTP request; by default it is logged.

        Raises:
            AddressTakenError: the address is not to be had.
        """
        self._socket = _bound(address)
        host, port = self._socket.getsockname()[:2]
        self.address: Final = Address(host, port)
        config = uvicorn.Config(
            app,
            lifespan="off",
            interface="asgi3",
            http=protocol(observer or _UnreadableLog()),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, round(drain_s)),
        )
        self._uvicorn = _Uvicorn(config)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then close the door and answer what is under way."""
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        stopping = asyncio.create_task(stop.wait())
        _log.info("listening", address=str(self.address))
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        self._uvicorn.should_exit = True
        stopping.cancel()
        await serving


class _UnreadableLog:
    """Logs bytes that are no HTTP request."""

    def unreadable(self, refused: Unreadable) -> None:
        _log.warning("http.refused", status=400, error=refused.error, sender=refused.sender)


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
