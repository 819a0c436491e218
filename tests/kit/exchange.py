"""One HTTP exchange as the receiver sees it: the request it captured and the answer that a script gives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(slots=True)
class Captured:
    """One request.

    Args:
        method: as sent.
        path: the request target with its query, as sent.
        headers: name and value in the order and the case they were sent in.
        body: the whole body, chunking removed.
        connection: a number for each TCP connection of a receiver, from 1: equal numbers shared one.
        arrived: when the request was complete, in `time.monotonic` seconds.
        status: what was answered, None while nothing was (waiting, aborted, or the client went away first).
        answered: when the answer was written, in the same seconds.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int
    arrived: float
    status: int | None = None
    answered: float | None = None

    def header(self, name: str) -> str | None:
        """The only value of a header, None if it is absent; more than one is an AssertionError."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{len(values)} {name} headers: {values}"
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered.

    Args:
        status: the HTTP status.
        headers: beside Content-Length, which is made unless given here.
        body: the whole body.
        delay: seconds before anything is written; later requests on the same connection wait too.
        body_delay: seconds between the headers and the body.
        drip: seconds between two bytes of the headers.
        abort: close the connection by a reset instead of answering.
        raw: write exactly these bytes in place of an answer and close the connection.
    """

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    delay: float = 0.0
    body_delay: float = 0.0
    drip: float = 0.0
    abort: bool = False
    raw: bytes | None = field(default=None, repr=False)

    def head(self, *, keep_alive: bool) -> bytes:
        """The status line and headers as they go over the wire."""
        names = {name.lower() for name, _ in self.headers}
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        # Statuses that never have a body must not announce one.
        if not names & {"content-length", "transfer-encoding"} and self.status >= 200 and self.status not in {204, 304}:
            lines.append(f"Content-Length: {len(self.body)}")
        if not keep_alive:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


Script = Callable[[Captured], Answer]


def first_of_each(requests: Iterable[Captured], header: str) -> list[Captured]:
    """The first request with each value of a header, in the order of arrival.

    Who had no answer in time sends again. So an event can have two places in the log, and a place can come twice.
    """
    found: dict[str | None, Captured] = {}
    for request in requests:
        found.setdefault(request.header(header), request)
    return list(found.values())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
