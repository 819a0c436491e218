"""The pauses of a worker's endpoints: read from Kafka, by every worker, and changed there by the one that is asked."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from runtime.errors import BridgeError
from runtime.kafka.errors import KafkaRefusedError
from runtime.kafka.records import OutgoingRecord
from runtime.news import News
from runtime.pauses import Pause
from runtime.side_threads import beside_within

_log: Final = structlog.get_logger(__name__)

EVERY_S: Final = 2.0
"""Between two looks: how long another worker's endpoint may go on after a pause."""
_ANSWER_LIMIT_S: Final = 60.0


class ControlRecords(Protocol):
    """The control topic; see `ControlTopic`. Looking blocks."""

    @property
    def known(self) -> Mapping[str, Pause]:
        """The pauses at the last look, by consumer group."""
        ...

    def look(self) -> Mapping[str, Pause]:
        """The pauses now."""
        ...

    def record(self, group: str, pause: Pause | None) -> OutgoingRecord:
        """The record of a change."""
        ...

    def ensure(self) -> None:
        """Create the topic if it is missing."""
        ...


class WritesSoon(Protocol):
    """Writes records to Kafka."""

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """Return when they are acknowledged."""
        ...


class HoldsPause(Protocol):
    """Holds an endpoint; see `Acts`."""

    def hold(self, pause: Pause | None) -> None:
        """In this pause nothing starts; None: it goes on."""


class HeldEndpoint(Protocol):
    """An endpoint that can be held."""

    @property
    def group(self) -> str:
        """Its consumer group."""
        ...

    @property
    def acts(self) -> HoldsPause:
        """What can be done to it."""
        ...


class Pauses:
    """Holds the endpoints that are paused, and changes that."""

    def __init__(
        self,
        control: ControlRecords,
        writer: WritesSoon,
        served: Iterable[HeldEndpoint],
        *,
        every_s: float = EVERY_S,
    ) -> None:
        """Nothing was looked at yet.

        Args:
            control: the control topic.
            writer: writes changes to it.
            served: the endpoints, at each look those that there are.
            every_s: seconds between two looks.
        """
        self._control: Final = control
        self._writer: Final = writer
        self._served: Final = served
        self._every_s: Final = every_s
        self._news: Final = News()

    def apply(self) -> None:
        """Hold the endpoints that are known to be paused, and no others."""
        for endpoint in self._served:
            self.hold(endpoint)

    def hold(self, endpoint: HeldEndpoint) -> None:
        """Hold this endpoint if it is known to be paused."""
        endpoint.acts.hold(self._control.known.get(endpoint.group))

    async def watch(self) -> None:
        """Look for ever. While Kafka does not answer, whatever is paused stays so, and nothing else."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._look()
            except KafkaRefusedError as error:
                if self._news.is_news("pauses", str(error)):
                    consequence = "pauses and their ends are not noticed; all stays as it is"
                    _log.warning("endpoint.pauses_unknown", reason=str(error), consequence=consequence)
            except BridgeError:
                pass  # the pulse says that Kafka is away
            else:
                self._news.settled("pauses")

    async def change(self, endpoint: HeldEndpoint, pause: Pause | None) -> bool:
        """Pause an endpoint for all its workers, or with None resume it; whether that changed anything.

        One that is paused keeps the pause that it has. Returns when Kafka keeps the change and this worker follows it;
        others follow within seconds.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: Kafka does not keep it.
        """
        await self._look()
        if (self._control.known.get(endpoint.group) is None) == (pause is None):
            return False
        await beside_within(_ANSWER_LIMIT_S, self._control.ensure)
        await self._writer.write_soon([self._control.record(endpoint.group, pause)])
        await self._look()
        return True

    async def _look(self) -> None:
        await beside_within(_ANSWER_LIMIT_S, self._control.look)
        self.apply()
