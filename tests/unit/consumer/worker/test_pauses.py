"""Pauses by several workers of one endpoint: Kafka has one truth, each act is kept once, and all follow."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from consumer.worker.pauses import Pauses
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.pauses import Pause, PauseFold, written
from tests.kit.eventually import LIMIT_S

GROUP = "registry-worker.ci"
PAUSE = Pause(7, "their release")


class Log:
    """The control topic."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []
        self.is_there = False
        self.refuses = False

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """Append."""
        await asyncio.sleep(0.001)
        if self.refuses:
            raise KafkaUnavailableError("no answer")
        assert self.is_there
        self.records += records


class Control:
    """One worker's view of the log; it reads on where it was."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._fold = PauseFold()
        self._read = 0
        self.fault = ""
        self.looks = 0

    @property
    def known(self) -> Mapping[str, Pause]:
        """As of the last look."""
        return dict(self._fold.pauses)

    def look(self) -> Mapping[str, Pause]:
        """Read what is new."""
        self.looks += 1
        if self.fault:
            raise KafkaRefusedError(self.fault)
        new = self._log.records[self._read :]
        self._fold.add((record.key, record.value) for record in new)
        self._read += len(new)
        return self.known

    def record(self, group: str, pause: Pause | None) -> OutgoingRecord:
        """Of a change."""
        return OutgoingRecord("registry.control", group.encode(), written(pause))

    def ensure(self) -> None:
        """Make the topic."""
        self._log.is_there = True


class Held:
    """An endpoint."""

    group = GROUP

    def __init__(self) -> None:
        self.acts = self
        self.pause: Pause | None = None

    def hold(self, pause: Pause | None) -> None:
        """Hold it so."""
        self.pause = pause


class Workers:
    """Three workers of one endpoint."""

    def __init__(self) -> None:
        self.log = Log()
        self.endpoints = [Held() for _ in range(3)]
        self.controls = [Control(self.log) for _ in range(3)]
        self.pauses = [
            Pauses(control, self.log, [endpoint], every_s=0.01)
            for control, endpoint in zip(self.controls, self.endpoints, strict=True)
        ]

    @property
    def held(self) -> list[Pause | None]:
        """How each worker holds it."""
        return [endpoint.pause for endpoint in self.endpoints]

    async def change(self, worker: int, pause: Pause | None) -> bool:
        """One worker is asked."""
        return await self.pauses[worker].change(self.endpoints[worker], pause)

    async def follow(self) -> None:
        """All look, and hold what they have seen: that is done when the next look begins."""
        enough = [control.looks + 3 for control in self.controls]
        watching = [asyncio.create_task(one.watch()) for one in self.pauses]
        async with asyncio.timeout(LIMIT_S):
            while any(map(int.__lt__, (control.looks for control in self.controls), enough)):  # noqa: ASYNC110 - a fake is asked
                await asyncio.sleep(0.001)
        for task in watching:
            task.cancel()


def test_the_worker_that_is_asked_follows_at_once_and_the_others_when_they_look() -> None:
    """Whichever of them ends the pause; an act that is done changes nothing, and writes nothing."""

    async def scenario() -> None:
        workers = Workers()
        assert not await workers.change(0, None)
        assert not workers.log.is_there, "without a pause no topic is made"
        assert await workers.change(0, PAUSE)
        assert [PAUSE, None, None] == workers.held
        assert not await workers.change(1, Pause(8, "another")), "the first one stays"
        assert [PAUSE, PAUSE, None] == workers.held
        await workers.follow()
        assert [PAUSE] * 3 == workers.held
        assert await workers.change(2, None)
        await workers.follow()
        assert [None] * 3 == workers.held
        assert 2 == len(workers.log.records)

    asyncio.run(scenario())


def test_several_acts_at_once_end_in_one_state() -> None:
    """Whatever the order in which they come to the log: all workers have what it says last."""

    async def scenario() -> None:
        workers = Workers()
        await asyncio.gather(*(workers.change(n % 3, PAUSE if n % 2 else None) for n in range(12)))
        await workers.follow()
        last = workers.controls[0].look().get(GROUP)
        assert [last] * 3 == workers.held

    asyncio.run(scenario())


def test_what_kafka_does_not_keep_is_not_done() -> None:
    """Nobody holds an endpoint that would go on after a restart."""

    async def scenario() -> None:
        workers = Workers()
        workers.log.refuses = True
        with pytest.raises(KafkaUnavailableError):
            await workers.change(0, PAUSE)
        assert [None] * 3 == workers.held
        workers.controls[0].fault = "no right"
        with pytest.raises(KafkaRefusedError):
            await workers.change(0, PAUSE)

    asyncio.run(scenario())


def test_while_nothing_can_be_read_all_stays_as_it_is() -> None:
    """A paused endpoint stays paused; when the topic can be read again, its end is noticed."""

    async def scenario() -> None:
        workers = Workers()
        await workers.change(0, PAUSE)
        workers.controls[0].fault = "no right"
        await workers.change(1, None)
        await workers.follow()
        assert [PAUSE, None, None] == workers.held
        workers.controls[0].fault = ""
        await workers.follow()
        assert [None] * 3 == workers.held

    asyncio.run(scenario())
