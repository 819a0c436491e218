"""The HTTP server: uvicorn under our own signals and limits. Alone imports it, with `server_protocol.py`."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final, Protocol

import structlog
import uvicorn

from runtime.config.addresses import Address
from runtime.http.asgi import Application
from runtime.http.bindings import Binding
from runtime.http.open_connections import ClosedObserver, OpenConnections
from runtime.http.server_protocol import GuardedServing
from runtime.http.unreadable import Unreadable, UnreadableObserver

_log: Final = structlog.get_logger(__name__)

_SWEEP_S: Final = 0.5


class RefusalObserver(UnreadableObserver, ClosedObserver, Protocol):
    """Learns of whatever is refused before the application sees it."""


class _Uvicorn(uvicorn.Server):
    """Uvicorn that leaves signals alone: its own capture raises SIGTERM again after draining (exit -15)."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One application in one place."""

    def __init__(
        self,
        app: Application,
        binding: Binding,
        *,
        drain_s: float,
        observer: RefusalObserver | None = None,
    ) -> None:
        """Takes the place at once.

        Args:
            app: what answers.
            binding: where.
            drain_s: how long requests under way may take at shutdown, in seconds.
            observer: learns of what is answered before the application sees it, and of connections that are closed
                without an answer; by default the former are logged. The latter always are.

        Raises:
            AddressTakenError: the place is not to be had.
        """
        self._socket = binding.bind()
        name = self._socket.getsockname()
        self.address: Final = Address(*name[:2]) if isinstance(name, tuple) else None
        """With the port that it has; None of a socket in a folder."""
        self._connections = OpenConnections(observer)
        self._tls = binding.tls
        config = uvicorn.Config(
            app,
            lifespan="off",
            interface="asgi3",
            http=GuardedServing(app, self._connections, observer or _UnreadableLog(), binding.tls),  # type: ignore[arg-type]  # it is called
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            date_header=True,
            timeout_graceful_shutdown=max(1, round(drain_s)),
        )
        self._uvicorn = _Uvicorn(config)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then close the door and answer what is under way."""
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        stopping = asyncio.create_task(stop.wait())
        sweeping = asyncio.create_task(self._sweep())
        watching = asyncio.create_task(self._tls.watch()) if self._tls else None
        if self.address is not None:
            _log.info("listening", address=str(self.address), **({"tls": True} if self._tls else {}))
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        self._uvicorn.should_exit = True
        stopping.cancel()
        try:
            await serving
        finally:
            sweeping.cancel()
            if watching is not None:
                watching.cancel()

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
