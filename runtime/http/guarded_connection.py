"""The guard before the parser: reads one connection, bounds what of it is in memory, and lets nobody wait for ever.

It feeds the parser the bytes of one request, and those of the next only when the first is answered; what came too
early, at most `READ_BYTES`, waits unparsed. Knows no server: what it feeds is a `FedRequests`.
"""

import asyncio
from contextlib import suppress
from enum import Enum, auto
from http import HTTPStatus
from typing import Final, Protocol, cast

from runtime.http import limits
from runtime.http.open_connections import OpenConnections, Precedence
from runtime.http.request_framing import Framing, HeadFraming, RequestFaultError, framing_of
from runtime.http.unreadable import UnreadableObserver, answer, unreadable
from runtime.units import format_size


class FedRequests(Protocol):
    """Parses the requests of one connection, and runs the application for each."""

    headers: list[tuple[bytes, bytes]]
    """Of the request whose head came last; names are in lower case."""
    is_head_complete: bool
    is_message_complete: bool
    is_over: bool
    """Whether the last answer is written: the connection ends as soon as the rest of its request was read."""

    @property
    def is_answered(self) -> bool:
        """Whether the application has answered it."""

    @property
    def is_reading(self) -> bool:
        """Whether bytes of the connection are being read."""

    def feed(self, data: bytes) -> None:
        """Parse bytes of one request, or raise RequestFaultError."""

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`, whatever the application does."""

    def resume_reading(self) -> None:
        """Read on as soon as the application is not behind."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """As in `asyncio.Protocol`."""

    def connection_lost(self, exc: Exception | None) -> None:
        """As in `asyncio.Protocol`."""

    def pause_writing(self) -> None:
        """As in `asyncio.Protocol`."""

    def resume_writing(self) -> None:
        """As in `asyncio.Protocol`."""


class _Awaited(Enum):
    """What a connection waits for."""

    BETWEEN = auto()
    """The first byte of a request."""
    HEAD = auto()
    """The rest of the head."""
    BODY = auto()
    """The rest of the body."""
    ANSWER = auto()
    """The application's answer to a whole request; what comes meanwhile is not parsed."""
    REST = auto()
    """The rest of a body that is answered already; it is dropped."""


_BUFFER: Final = memoryview(bytearray(limits.READ_BYTES))
"""Where each read goes, of any connection: it is copied before the next one."""
_NOBODY: Final = asyncio.BufferedProtocol()
"""The protocol of a transport whose connection is gone."""


class GuardedConnection(asyncio.BufferedProtocol):
    """One connection."""

    def __init__(self, requests: FedRequests, connections: OpenConnections, observer: UnreadableObserver) -> None:
        self._requests = requests
        self._connections = connections
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._phase = _Awaited.BETWEEN
        self.since = self._loop.time()
        self._is_stranger = True
        self._head = HeadFraming()
        self._body: Framing | None = None
        self._step_bytes = 0
        """Of the body, since `since`."""
        self._early = b""
        """Came before the answer that it has to wait for."""
        self._is_last = False
        """The client sends no more, and waits for its last answer."""
        self._unread_since: float | None = None
        """Since when the client has not read what is written, or has not taken the end of the connection."""
        self.sender = "unknown"

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the open ones, which may cost another its own."""
        self._transport = cast("asyncio.Transport", transport)  # which uvloop's is, but not by inheritance
        host, port = (transport.get_extra_info("peername") or ("unknown", 0))[:2]
        self.sender = f"{host}:{port}"
        self._is_tls = transport.get_extra_info("sslcontext") is not None
        self._requests.connection_made(self._transport)
        self._connections.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the place."""
        self._early = b""
        self._connections.gone(self)
        self._requests.connection_lost(exc)
        if self._is_tls:  # then uvloop's transport keeps methods of this object, which keeps the transport
            with suppress(AttributeError):  # asyncio's has let go by itself
                self._transport.set_protocol(_NOBODY)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        self._unread_since = self._loop.time()
        self._requests.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._unread_since = None
        self._requests.resume_writing()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's
        """Where the next bytes go."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes came."""
        data = bytes(_BUFFER[:nbytes])
        if nbytes == len(_BUFFER):  # there may be more, but now it is the others' turn
            self._requests.pause_reading()
            self._loop.call_soon(self._read_on)
        self._advance(data)

    def eof_received(self) -> bool:
        """The client sends no more: if it waits for an answer, it may still read it, as from a server in Go."""
        self._is_last = self._phase is _Awaited.ANSWER and not self._is_tls
        return self._is_last  # TLS has no half of a connection

    # What the parser and the open connections call.

    def answered(self) -> None:
        """See `AnswerObserver`."""
        self._is_stranger = False
        self._enter(_Awaited.BETWEEN if self._phase is _Awaited.ANSWER else _Awaited.REST)
        if self._early:
            self._loop.call_soon(self._read_on)
        elif self._is_last:
            self._transport.close()

    @property
    def precedence(self) -> Precedence:
        """See `GuardedPeer`."""
        if self._unread_since is not None or self._phase is _Awaited.REST:
            return Precedence.STRANGER
        if self._phase in {_Awaited.BETWEEN, _Awaited.HEAD}:
            return Precedence.STRANGER if self._is_stranger else Precedence.IDLE
        return Precedence.SENDING if self._phase is _Awaited.BODY else Precedence.ANSWERING

    def check(self, now: float) -> None:
        """See `GuardedPeer`."""
        if self._transport.is_closing() and self._unread_since is None:
            self._unread_since = now
        if self._unread_since is not None:
            if now - self._unread_since > limits.UNREAD_LIMIT_S:
                self.drop("unread")
        elif self._phase is _Awaited.BODY and not self._requests.is_reading:
            self.since = now  # it is not the client that is slow
        elif now - self.since > self._limit_s():
            self._expire()

    def drop(self, reason: str) -> None:
        """See `GuardedPeer`."""
        self._connections.note(self, reason)
        self._transport.abort()

    def _limit_s(self) -> float:
        match self._phase:
            case _Awaited.BETWEEN:
                return limits.HEAD_LIMIT_S if self._is_stranger else limits.KEEP_ALIVE_S
            case _Awaited.HEAD:
                return limits.HEAD_LIMIT_S
            case _Awaited.BODY:
                return limits.BODY_STEP_LIMIT_S
            case _Awaited.REST:
                return limits.UNREAD_LIMIT_S
            case _Awaited.ANSWER:
                return float("inf")

    def _expire(self) -> None:
        if self._phase is _Awaited.HEAD:
            self._connections.note(self, "slow")
            error = f"the head of the request did not arrive within {limits.HEAD_LIMIT_S:g} s"
            self._answer_and_close(HTTPStatus.REQUEST_TIMEOUT, error)
        elif self._phase is _Awaited.BODY:
            pace = f"{format_size(limits.BODY_STEP_BYTES)} in {limits.BODY_STEP_LIMIT_S:g} s"
            slow = RequestFaultError(f"the body arrives more slowly than {pace}", HTTPStatus.REQUEST_TIMEOUT)
            self._refuse(slow, b"")
        elif self._is_stranger:
            self.drop("silent")
        else:
            self._transport.close()

    # What is read.

    def _read_on(self) -> None:
        if self._transport.is_closing():
            return
        if self._early:
            self._advance(b"")
        if not self._early:
            self._requests.resume_reading()

    def _advance(self, data: bytes) -> None:
        """Feed what came, as far as it belongs to the request under way or may begin the next one."""
        if self._early:
            data, self._early = self._early + data, b""
        try:
            while data and self._phase is not _Awaited.ANSWER and not self._transport.is_closing():
                data = self._take(data)
        except RequestFaultError as fault:
            self._refuse(fault, data)
            return
        if data and not self._transport.is_closing():
            self._early = data
            self._requests.pause_reading()

    def _take(self, data: bytes) -> bytes:
        """Feed what belongs to the same part of a request; the rest."""
        if self._phase is _Awaited.BETWEEN:
            data = data.lstrip(b"\r\n")  # RFC 9112 section 2.2 lets a client send them before a request
            if not data:
                return b""
            self._head = HeadFraming()
            self._enter(_Awaited.HEAD)
        part = self._head if self._phase is _Awaited.HEAD or self._body is None else self._body
        taken = part.take(data)
        self._requests.feed(data[:taken])
        if part is self._head:
            self._head_taken()
        else:
            self._body_taken(taken)
        return data[taken:]

    def _head_taken(self) -> None:
        if self._requests.is_head_complete != self._head.is_complete:
            raise RequestFaultError("the end of the head is not clear")
        if self._head.is_complete:
            self._body = framing_of(self._requests.headers)
            self._enter(_Awaited.BODY)
            self._body_taken(0)

    def _body_taken(self, taken: int) -> None:
        assert self._body is not None
        if self._requests.is_message_complete != self._body.is_complete:
            raise RequestFaultError("the end of the body is not clear")
        self._step_bytes += taken
        if self._body.is_complete:
            self._body = None
            self._enter(_Awaited.BETWEEN if self._requests.is_answered else _Awaited.ANSWER)
            if self._requests.is_over:
                self._transport.close()
        elif self._step_bytes >= limits.BODY_STEP_BYTES and self._phase is _Awaited.BODY:
            self._enter(_Awaited.BODY)

    def _enter(self, phase: _Awaited) -> None:
        self._phase = phase
        self.since = self._loop.time()
        self._step_bytes = 0

    def _refuse(self, fault: RequestFaultError, data: bytes) -> None:
        """Answer what is no request, tell of it, and close."""
        refused = unreadable(fault, data, self.sender)
        self._observer.unreadable(refused)
        self._answer_and_close(fault.status, refused.error)

    def _answer_and_close(self, status: HTTPStatus, error: str) -> None:
        self._transport.write(answer(status, error))
        self._transport.close()
