"""A connection before it is encrypted: within the limits of a stranger it shows that it speaks TLS, and shakes hands.

The first bytes are looked at before anything is made of them: a client that speaks plain HTTP is told so in a language
that it understands. What comes with the end of the handshake is kept until there is somebody to read it.
"""

import asyncio
import ssl
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

from runtime.http import limits
from runtime.http.guarded_connection import GuardedConnection
from runtime.http.open_connections import OpenConnections, Precedence
from runtime.http.server_tls import ServerTLS
from runtime.http.unreadable import Unreadable, UnreadableObserver, answer

_HANDSHAKE: Final = b"\x16"
"""The type of the record with which TLS begins (RFC 8446 section 5.1)."""
_PLAIN: Final = "this address speaks TLS, and this is none: use https:// in the sender's URL"


class ServerConnections(Protocol):
    """What a server keeps of its connections: it shuts them down when it stops."""

    connections: set[Any]


class TLSFront(asyncio.Protocol):
    """One connection, until the guarded one behind it takes over."""

    def __init__(
        self,
        behind: GuardedConnection,
        server: ServerConnections,
        tls: ServerTLS,
        connections: OpenConnections,
        observer: UnreadableObserver,
    ) -> None:
        self._behind = behind
        self._server = server
        self._tls = tls
        self._connections = connections
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._handshake: asyncio.Task[None] | None = None
        self._is_refused = False
        self.since = self._loop.time()
        self.sender = "unknown"

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the open ones, which may cost another its own."""
        self._transport = cast("asyncio.Transport", transport)
        host, port = (transport.get_extra_info("peername") or ("unknown", 0))[:2]
        self.sender = f"{host}:{port}"
        self._server.connections.add(self)
        self._connections.opened(self)

    def data_received(self, data: bytes) -> None:
        """Look at the first bytes; whatever follows what is refused is dropped.

        A close with something unread could cost the client the answer.
        """
        if self._is_refused or self._transport.is_closing():
            return
        if data.startswith(_HANDSHAKE):
            self._transport.pause_reading()
            self._handshake = self._loop.create_task(self._shake_hands(data))
        else:
            self._refuse()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Leave the place."""
        self._leave()

    # What the server and the open connections call.

    def shutdown(self) -> None:
        """The server stops: nobody waits for a handshake."""
        self._transport.abort()

    @property
    def precedence(self) -> Precedence:
        """See `GuardedPeer`."""
        return Precedence.STRANGER

    def check(self, now: float) -> None:
        """See `GuardedPeer`."""
        if self._is_refused and now - self.since > limits.UNREAD_LIMIT_S:
            self._transport.abort()
        elif not self._is_refused and now - self.since > limits.HEAD_LIMIT_S:
            self.drop("silent" if self._handshake is None else "handshake")

    def drop(self, reason: str) -> None:
        """See `GuardedPeer`."""
        self._connections.note(self, reason)
        self._leave()
        self._transport.abort()

    # What it does.

    def _refuse(self) -> None:
        """Say in plain HTTP what is spoken here."""
        self._is_refused, self.since = True, self._loop.time()
        status = HTTPStatus.BAD_REQUEST
        self._observer.unreadable(Unreadable(self.sender, status, "plain", _PLAIN))
        self._transport.write(answer(status, _PLAIN))
        self._transport.write_eof()

    async def _shake_hands(self, first: bytes) -> None:
        early, context = _Early(), self._tls.context
        limit_s = limits.HEAD_LIMIT_S
        shaking = self._loop.create_task(
            self._loop.start_tls(self._transport, early, context, server_side=True, ssl_handshake_timeout=limit_s)
        )
        self._loop.call_soon(self._loop.call_soon, self._feed, first)  # behind the steps with which that begins
        try:
            transport = await shaking
        except (
            OSError,
            RuntimeError,
        ) as error:  # ssl.SSLError is the former; uvloop's of a closed transport the latter
            if self in self._server.connections:  # else it was dropped, for a reason of its own
                self._connections.handshake_failed(self, _reason_of(error))
            self._leave()
            return
        is_open = self in self._server.connections
        self._leave()
        if transport is None or not is_open or early.is_over or transport.is_closing():
            self._transport.abort()
        else:
            self._hand_over(transport, early.data)

    def _feed(self, first: bytes) -> None:
        """Give what was looked at to the protocol that shakes hands, before it reads anything itself."""
        if self._transport.get_protocol() is self:  # it was closed before anything began
            return
        protocol = cast("asyncio.BufferedProtocol", self._transport.get_protocol())
        while first and not self._transport.is_closing():
            room = memoryview(protocol.get_buffer(len(first)))
            taken = min(len(room), len(first))
            room[:taken] = first[:taken]
            protocol.buffer_updated(taken)
            first = first[taken:]

    def _hand_over(self, transport: asyncio.Transport, early: bytes) -> None:
        transport.set_protocol(self._behind)
        self._behind.connection_made(transport)
        for at in range(0, len(early), limits.READ_BYTES):
            piece = early[at : at + limits.READ_BYTES]
            self._behind.get_buffer(len(piece))[: len(piece)] = piece
            self._behind.buffer_updated(len(piece))

    def _leave(self) -> None:
        self._server.connections.discard(self)
        self._connections.gone(self)


class _Early(asyncio.Protocol):
    """Keeps what comes with the end of the handshake."""

    def __init__(self) -> None:
        self.data = b""
        self.is_over = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self.is_over = True

    def eof_received(self) -> None:
        self.is_over = True


def _reason_of(error: OSError | RuntimeError) -> str:
    """In OpenSSL's words, which say whose fault it is: `peer did not return a certificate`."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    said = error.strerror if isinstance(error, OSError) else ""
    return said or str(error) or "the client went away"
