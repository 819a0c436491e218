"""Whether the events topic is still the same one: deleted and made anew, it has its name and another id.

A consumer does not notice: it reads on at the offset where it was in the old topic, past what the new one holds below.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from runtime.errors import BridgeError

_log: Final = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 2.0


class Identified(Protocol):
    """Who knows topics' ids."""

    def topic_id(self, name: str) -> str | None:
        """The topic's id; None if there is no such topic, or the brokers give no ids."""


class Begins(Protocol):
    """Who reads the topic."""

    def begin_anew(self) -> None:
        """Read it from its beginning."""


async def watch_identity(
    admin: Identified, topic: str, readers: Iterable[Begins], *, every_s: float = _LOOK_EVERY_S
) -> None:
    """Look for ever, so many seconds apart; have all readers begin anew when the topic is another one."""
    known: str | None = None
    while True:
        found = await _id_of(admin, topic)
        if found is not None and known is not None and found != known:
            consequence = "all of the new topic is delivered; events of the old one that were not yet are lost"
            _log.warning("topic.made_anew", topic=topic, consequence=consequence)
            for reader in readers:
                reader.begin_anew()
        known = found or known
        await asyncio.sleep(every_s)


async def _id_of(admin: Identified, topic: str) -> str | None:
    try:
        return await asyncio.to_thread(admin.topic_id, topic)
    except BridgeError:
        return None  # that Kafka is away is told elsewhere
