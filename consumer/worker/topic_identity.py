"""The identity of the events topic: deleted and made anew, it has another id.

A consumer does not notice: it reads on at the offset where it was in the old topic, past what the new one holds below.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from runtime.errors import BridgeError
from runtime.side_threads import beside_within

_log: Final = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 2.0
_ANSWER_LIMIT_S: Final = 60.0
_MISSING_AFTER: Final = 2
"""Looks in a row."""


class Identified(Protocol):
    """Answers for topics' ids."""

    def topic_id(self, name: str) -> str | None:
        """The topic's id; None if there is no such topic, or the brokers give no ids."""


class Begins(Protocol):
    """A reader of the topic."""

    def begin_anew(self) -> None:
        """Read it from its beginning."""


class TopicIdentity:
    """The identity of the events topic, watched."""

    def __init__(
        self, admin: Identified, topic: str, readers: Iterable[Begins], *, every_s: float = _LOOK_EVERY_S
    ) -> None:
        """Nothing was looked at yet; looks are `every_s` seconds apart."""
        self._admin = admin
        self._topic = topic
        self._readers = readers
        self._every_s = every_s
        self._known: str | None = None
        self._missed = 0

    @property
    def missing(self) -> str:
        """Why there is nothing to read, if the topic was there and is not any more; else empty.

        One look does not tell: a broker that has just started does not know all topics yet.
        """
        if self._missed < _MISSING_AFTER:
            return ""
        return f"topic {self._topic} does not exist any more (registry-bridge init creates it)"

    async def watch(self) -> None:
        """Look for ever; have all readers begin anew when the topic is another one."""
        while True:
            try:
                found = await beside_within(_ANSWER_LIMIT_S, self._admin.topic_id, self._topic)
            except BridgeError:
                pass  # the pulse says that Kafka is away
            else:
                self._compare(found)
            await asyncio.sleep(self._every_s)

    def _compare(self, found: str | None) -> None:
        if found is None:
            self._missed += self._known is not None  # brokers that never gave an id give none
            return
        if self._known is not None and found != self._known:
            consequence = "all events of the new topic are delivered; undelivered events of the old topic are lost"
            _log.warning("topic.made_anew", topic=self._topic, consequence=consequence)
            for reader in self._readers:
                reader.begin_anew()
        self._known, self._missed = found, 0
