"""Links: TCP proxies that can be cut, delayed, reset, or swallow everything. They know no protocol above TCP."""

import asyncio
from enum import Enum
from typing import Final, cast

from broker.ports import LOOPBACK, free_port

DELAY_S: Final = 0.3
"""Of each piece of data, on a link that is delayed."""


class Mode(Enum):
    """How a link behaves."""

    PASSES = "passes"
    CUT = "cut"
    """Connections are reset, new ones refused as soon as they are accepted."""
    RESET = "reset"
    """Connections are reset whenever something comes."""
    DELAYED = "delayed"
    BLACK_HOLE = "black hole"
    """Nothing goes through, and nobody is told; what waits goes on when it ends."""


class Link:
    """A way from clients to one port: listens on a port of its own and passes everything on.

    Args:
        target: the port where the connections lead.
        port: where it listens; a free one by default.
    """

    def __init__(self, target: int, port: int = 0) -> None:
        self.port = port or free_port()
        self.target = target
        self.mode = Mode.PASSES
        self.sides: set[_Side] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Incoming(self), LOOPBACK, self.port, backlog=256)

    async def close(self) -> None:
        """Reset all connections and listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()

    def set(self, mode: Mode) -> None:
        """Behave like this from now on."""
        self.mode = mode
        if mode in {Mode.CUT, Mode.RESET}:
            self.reset()
        for side in list(self.sides):
            side.let_flow()

    def reset(self) -> None:
        """Reset all connections."""
        for side in list(self.sides):
            side.abort()


class _Side(asyncio.Protocol):
    """One end of a connection; what comes in goes to the other end."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._transport: asyncio.Transport | None = None
        self.other: _Side | None = None
        self._waiting: list[bytes] = []
        self._ended = False
        """Whether this end sends no more, once what waits is passed on."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._link.sides.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._link.sides.discard(self)
        self._ended = True
        if exc is not None and self.other is not None:
            self.other.abort()
        self.let_flow()

    def data_received(self, data: bytes) -> None:
        if self._link.mode is Mode.RESET:
            self.abort()
            return
        self._waiting.append(data)
        if self._link.mode is Mode.DELAYED:
            asyncio.get_running_loop().call_later(DELAY_S, self._pass_on, 1)
        else:
            self.let_flow()

    def eof_received(self) -> bool:
        self._ended = True
        self.let_flow()
        return False

    def let_flow(self) -> None:
        """Pass on what waits, unless the link keeps it back."""
        if self._link.mode not in {Mode.BLACK_HOLE, Mode.DELAYED}:
            self._pass_on(len(self._waiting))

    def abort(self) -> None:
        """Reset both ends."""
        for side in (self, self.other):
            if side is not None and side._transport is not None:
                side._transport.abort()

    def write(self, data: bytes) -> None:
        """Send what came in at the other end."""
        if self._transport is not None:
            self._transport.write(data)

    def finish(self) -> None:
        """Close this end when all is sent."""
        if self._transport is not None:
            self._transport.close()

    def _pass_on(self, pieces: int) -> None:
        if self.other is None or self._link.mode is Mode.BLACK_HOLE:
            return
        for data in self._waiting[:pieces]:
            self.other.write(data)
        del self._waiting[:pieces]
        if self._ended and not self._waiting:
            self.other.finish()


class _Incoming(_Side):
    """The end of a client: connects on."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._link.mode in {Mode.CUT, Mode.RESET}:
            self.abort()
        else:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, outgoing = await loop.create_connection(lambda: _Side(self._link), LOOPBACK, self._link.target)
        except OSError:
            self.abort()
            return
        outgoing.other, self.other = self, outgoing
        if self._transport is None:
            outgoing.finish()
        self.let_flow()
