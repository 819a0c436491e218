"""Asking another process of ours at a socket in the file system: one GET, or one POST of JSON."""

import http.client
import os
import socket
from pathlib import Path
from typing import Final, NamedTuple

from runtime.http.get_json import NoAnswerError
from runtime.side_threads import beside_within

LIMIT_S: Final = 5.0
"""How long an answer may take, its last byte included."""


class LocalAnswer(NamedTuple):
    """What came back."""

    status: int
    content_type: str
    body: bytes


async def local_get(listening: Path, path: str, *, limit_s: float = LIMIT_S) -> LocalAnswer:
    """The answer to `GET path` of the process that listens at this socket.

    Raises:
        NoAnswerError: nobody answers there.
        NotEndedError: not in time.
    """
    return await beside_within(limit_s, _exchange, listening, "GET", path, None, limit_s)


async def local_post(listening: Path, path: str, body: bytes, *, limit_s: float = LIMIT_S) -> LocalAnswer:
    """The answer to `POST path` with this JSON; raises as `local_get` does."""
    return await beside_within(limit_s, _exchange, listening, "POST", path, body, limit_s)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, listening: Path, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._listening = listening

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._listening))


def _exchange(listening: Path, method: str, path: str, body: bytes | None, limit_s: float) -> LocalAnswer:
    connection = _UnixConnection(listening, timeout_s=limit_s)
    headers = {} if body is None else {"content-type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return LocalAnswer(answer.status, answer.getheader("content-type", ""), answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"it does not answer: {error}") from error
    finally:
        connection.close()
