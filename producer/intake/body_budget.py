"""How much memory the bodies of POSTs may take at once, and which gives way when there is no room for another.

Small bodies, as registries usually send them, have a share of their own, so that no large ones keep them out. In each
share the one that was begun first, and is not whole yet, gives way to the others: who stalls, or drips, loses its place
as soon as somebody needs it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Self

from runtime.units import format_size

SMALL_BYTES: Final = 64 * 1024
"""The largest small body."""
_SMALL_SHARE_BYTES: Final = 128 * SMALL_BYTES
_LARGE_BODIES: Final = 3
"""How many of the largest size have room; a body is held until its last event is in the log."""
_BODY_LIMIT_S: Final = 60.0


class NoRoomError(Exception):
    """There is no room for the body, or it gave way to others; the text says what took it."""


class BodyTooLargeError(Exception):
    """The body is larger than any may be."""


class BodyTooSlowError(Exception):
    """The body did not come in time."""

    def __init__(self) -> None:
        super().__init__(f"the body did not arrive within {_BODY_LIMIT_S:g} s")


class _Share:
    """Room for bodies, in the order in which they were begun."""

    def __init__(self, capacity_bytes: int, *, of: str) -> None:
        self._capacity = capacity_bytes
        self._full: Final = f"all room for bodies of {of} is taken ({format_size(capacity_bytes)} together)"
        self._used = 0
        self._held: dict[HeldBody, int] = {}

    def hold(self, body: "HeldBody", size: int) -> None:
        """Hold so much of it; the oldest that are not whole give way. NoRoomError if that is this one."""
        self._used += size - self._held.get(body, 0)
        self._held[body] = size
        while self._used > self._capacity:
            oldest = next((one for one in self._held if not one.is_whole), body)
            self.release(oldest)
            oldest.give_way(self._full)
            if oldest is body:
                raise NoRoomError(self._full)

    def release(self, body: "HeldBody") -> None:
        self._used -= self._held.pop(body, 0)


class BodyBudget:
    """The room of one intake."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_bytes = max_body_bytes
        small = format_size(SMALL_BYTES)
        self._small = _Share(_SMALL_SHARE_BYTES, of=f"up to {small}")
        self._large = _Share(_LARGE_BODIES * max_body_bytes, of=f"more than {small}")

    def hold(self) -> "HeldBody":
        """Room for a body that is about to be read: a context, at whose end the room is free again."""
        return HeldBody(self, self._max_bytes)

    def charge(self, body: "HeldBody", size: int) -> None:
        """The body has so many bytes by now. NoRoomError if there is no room for it."""
        if size > SMALL_BYTES:
            self._small.release(body)
        (self._large if size > SMALL_BYTES else self._small).hold(body, size)

    def release(self, body: "HeldBody") -> None:
        """The body is in memory no more."""
        self._small.release(body)
        self._large.release(body)


class HeldBody:
    """A body that is read, and held until what it says is done."""

    def __init__(self, budget: BodyBudget, max_bytes: int) -> None:
        self._budget = budget
        self._max_bytes = max_bytes
        self._deadline: asyncio.Timeout | None = None
        self._no_room = ""
        """Why it gave way to others; empty if it did not."""
        self._size = 0
        self.is_whole = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.release(self)

    async def read(self, chunks: AsyncIterator[bytes], length: int | None = None) -> bytes:
        """The body.

        The first piece has no deadline here: it takes no room before it comes, and the connection has its own limits.

        Args:
            chunks: its pieces.
            length: its size, if that is known: what comes whole in one piece, as nearly all do, needs no deadline.

        Raises:
            BodyTooLargeError, BodyTooSlowError, NoRoomError: see there.
        """
        first = await anext(chunks, b"")
        self._take(first)
        if len(first) != length:
            try:
                async with asyncio.timeout(_BODY_LIMIT_S) as self._deadline:
                    pieces = [first, *[self._take(piece) async for piece in chunks]]
            except TimeoutError:
                raise (NoRoomError(self._no_room) if self._no_room else BodyTooSlowError()) from None
            first = b"".join(pieces)
        self.is_whole = True
        return first

    def _take(self, piece: bytes) -> bytes:
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise BodyTooLargeError
        if self._no_room:
            raise NoRoomError(self._no_room)
        self._budget.charge(self, self._size)
        return piece

    def give_way(self, why: str) -> None:
        """Stop reading."""
        self._no_room = why
        if self._deadline is not None and not self._deadline.expired():  # one that has expired stops the reading anyway
            self._deadline.reschedule(asyncio.get_running_loop().time())
