"""A small HTTP/1.1 client for the loop of a run: one connection, one request at a time, and a limit for each."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from broker.ports import LOOPBACK

NONE: Final[Mapping[str, str]] = MappingProxyType({})


class NoAnswerError(Exception):
    """There was no whole answer in time."""


class HttpClient:
    """A client of one port on the loopback; the connection is kept and, if a request fails, given up."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NONE, *, limit_s: float
    ) -> tuple[int, bytes]:
        """The status and the body of the answer.

        Raises:
            NoAnswerError: there was none within `limit_s` seconds.
        """
        try:
            async with asyncio.timeout(limit_s):
                return await self._exchange(method, path, body, headers)
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            raise NoAnswerError(repr(error)) from error

    def close(self) -> None:
        """Give up the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(LOOPBACK, self._port)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", "Host: chaos", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        content = await reader.readexactly(int(named["content-length"]))
        if named.get("connection", "").lower() == "close":
            self.close()
        return int(head[0].split(" ")[1]), content
