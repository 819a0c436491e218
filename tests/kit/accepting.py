"""A server of asyncio is closed: no connection is left that nobody knows of."""

import asyncio
from typing import Final

_ROUNDS: Final = 5
"""Of the loop: two until a connection that was accepted has its transport, and one until its protocol knows of it."""


async def accept_no_more(server: asyncio.Server) -> None:
    """Close a server when whoever keeps its connections knows of each that was accepted.

    Closed at once, it would fail to make those that were accepted just before (Python 3.11, `Server._attach`), and
    their sockets would stay open until the collector finds them, in a test that has nothing to do with them.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
    server.close()
