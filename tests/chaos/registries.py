"""The senders of a run: each behaves as a registry does, one envelope at a time, again and again until it is taken."""

import asyncio
from collections.abc import Sequence
from typing import Final

from schemas.event import MEDIA_TYPE_V2
from tests.chaos.facts import Evidence
from tests.chaos.http_client import HttpClient, NoAnswerError
from tests.chaos.load import SentEnvelope
from tests.chaos.stopwatch import Stopwatch

ANSWER_S: Final = 3.0
"""How long a registry waits for an answer."""
AGAIN_S: Final = 0.2
TYPE: Final = {"Content-Type": MEDIA_TYPE_V2}


class Registry:
    """One sender. After a failure it turns to the next intake, as through a load balancer.

    Args:
        envelopes: what it sends, in order.
        ports: of its links to the intakes.
        evidence: where it writes what was accepted.
        watch: the time of the run.
        load_at: when the load begins.
    """

    def __init__(
        self,
        envelopes: Sequence[SentEnvelope],
        ports: Sequence[int],
        evidence: Evidence,
        watch: Stopwatch,
        load_at: float,
    ) -> None:
        self._envelopes = envelopes
        self._clients = [HttpClient(port) for port in ports]
        self._evidence = evidence
        self._watch = watch
        self._load_at = load_at
        self._at = 0

    async def run(self) -> None:
        """Send all; return when all was taken."""
        try:
            for envelope in self._envelopes:
                await self._watch.until(self._load_at + envelope.at)
                while not await self._taken(envelope):
                    self._at += 1
                    await asyncio.sleep(AGAIN_S)
        finally:
            for client in self._clients:
                client.close()

    async def _taken(self, envelope: SentEnvelope) -> bool:
        client = self._clients[self._at % len(self._clients)]
        self._evidence.posts += 1
        try:
            status, _ = await client.request("POST", "/events", envelope.body, TYPE, limit_s=ANSWER_S)
        except NoAnswerError:
            return False
        if status == 200:
            at = self._watch.now()
            self._evidence.accepted.update({event.id: at for event in envelope.events})
        return status == 200
