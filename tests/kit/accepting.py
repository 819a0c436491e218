"""The last connections of a server of asyncio that closes."""

import asyncio
from typing import Final

_ROUNDS: Final = 5
"""Of the loop: two until a connection that was accepted has its transport, and one until its protocol knows of it."""


async def all_made() -> None:
    """Return when whoever keeps the connections knows of each that was accepted before the server was closed.

    One that comes later is never closed, and a test that has nothing to do with it fails by what the collector finds.
    """
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
