"""One run: the processes of a schedule on brokers that are up, its load and its faults, and then everything at rest."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker import LocalCluster
from tests.chaos.facts import Evidence
from tests.chaos.faults import Faults
from tests.chaos.gone_members import gone_members
from tests.chaos.heartbeat import Heartbeat
from tests.chaos.load import load_of
from tests.chaos.plan import INTAKES, SENDERS, Schedule
from tests.chaos.programs import COMMANDS, Programs
from tests.chaos.receivers import Receiver
from tests.chaos.registries import Registry
from tests.chaos.rest import Rest
from tests.chaos.sampling import Sampling
from tests.chaos.stopwatch import Stopwatch
from tests.chaos.topics import Topics
from tests.chaos.wiring import Wiring
from tests.chaos.worker_log import WorkerLog

READY_S: Final = 90.0
REST_S: Final = 240.0
"""Within so many seconds after the last fault everything must have come to rest. Far more than it takes: what stands
still stands still for good, and a machine that has other things to do is no fault of ours. Partitions that a group
forgot are noticed, and given to somebody, within two minutes (docs/kafka.md)."""


TOLD_ONE_IN: Final = 4
"""Of so many runs, one goes on until all processes say that nothing is left; that takes ten seconds more."""


class MembersKeptError(Exception):
    """Kafka keeps members whose process is long gone, with their partitions: its own fault, and not the bridge's."""


class NotStartedError(Exception):
    """The run did not begin: a fault of the harness or of the machine, and no judgement of the bridge."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run takes place.

    Args:
        cluster: the brokers, up.
        wiring: open.
        folder: for the processes' files.
        commands: what runs as intake and as worker.
        rest_s: how long everything may take to come to rest.
    """

    cluster: LocalCluster
    wiring: Wiring
    folder: Path
    commands: Mapping[bool, tuple[str, ...]] = field(default_factory=lambda: COMMANDS)
    rest_s: float = REST_S


async def run(schedule: Schedule, stage: Stage) -> Evidence:
    """Everything from the start of the processes to their end.

    Raises:
        NotStartedError: the processes did not become ready, with all brokers up and no fault at work.
    """
    return await _Run(schedule, stage).run()


class _Run:
    """The parts of one run."""

    def __init__(self, schedule: Schedule, stage: Stage) -> None:
        self._schedule = schedule
        self._stage = stage
        self._load = load_of(schedule)
        sent = {event.id: event for sent in self._load.values() for one in sent for event in one.events}
        self._evidence = Evidence(schedule, sent)
        self._watch = Stopwatch()
        topic = f"chaos-{schedule.seed}-{time.time_ns() // 1_000_000}"
        self._topics = Topics(stage.cluster.bootstrap, topic, schedule.brokers)
        self._programs = Programs(
            stage.wiring, stage.folder, topic, evidence=self._evidence, watch=self._watch, commands=stage.commands
        )
        self._receivers = {one.name: Receiver(one, self._evidence, self._watch) for one in schedule.endpoints}
        self._sampling = Sampling(self._programs, stage.wiring, self._evidence, self._watch)
        self._heartbeat = Heartbeat()

    async def run(self) -> Evidence:
        async with AsyncExitStack() as stack:
            stack.callback(self._programs.kill_all)
            for name, receiver in self._receivers.items():
                await receiver.listen(self._stage.wiring.listening[name])
                stack.push_async_callback(receiver.close)
            for watch in (self._heartbeat.run(), self._sampling.run()):
                stack.push_async_callback(_ended, asyncio.create_task(watch))
            await self._start()
            await self._act()
            await self._programs.stop_all()
        self._evidence.late_s = self._heartbeat.late_s
        await asyncio.to_thread(self._look_back)
        return self._evidence

    async def _start(self) -> None:
        """All at once: the workers wait for the topics, which the intakes make."""
        lives = [await self._programs.start(name) for name in (*INTAKES, *self._schedule.workers)]
        try:
            async with asyncio.timeout(READY_S):
                await self._sampling.ready(lives)
        except TimeoutError:
            raise NotStartedError(f"{' '.join(lives)} not ready within {READY_S:g} s") from None

    async def _act(self) -> None:
        """Load and faults, and then wait until everything has come to rest."""
        load_at = self._watch.now()
        senders = [
            Registry(sent, self._ports(name), self._evidence, self._watch, load_at) for name, sent in self._load.items()
        ]
        faults = Faults(
            self._stage.cluster,
            self._stage.wiring,
            programs=self._programs,
            receivers=self._receivers,
            topics=self._topics,
            evidence=self._evidence,
            watch=self._watch,
        )
        rest = Rest(self._evidence, self._receivers, self._topics, self._sampling)
        sending = asyncio.gather(*(sender.run() for sender in senders))
        try:
            await faults.carry_out(self._schedule.faults, load_at)
            async with asyncio.timeout(self._stage.rest_s + self._heartbeat.late_s):
                await sending
                await rest.come()
                self._evidence.rested = self._watch.now()
                if self._schedule.seed % TOLD_ONE_IN == 0:
                    await rest.be_told()
        except TimeoutError:
            if self._evidence.rested is None:
                await self._look_at_groups()
            else:
                self._evidence.leftovers.append(f"lag or unready: {self._sampling.latest}")
        finally:
            sending.cancel()

    async def _look_at_groups(self) -> None:
        """Nothing has come to rest; if that is Kafka's own fault, the run says nothing of the bridge."""
        members = await asyncio.to_thread(self._topics.members, self._endpoints())
        ports = self._stage.wiring.listening
        if gone := gone_members(members, self._evidence.lives, ports, self._watch.now()):
            raise MembersKeptError("; ".join(gone))
        self._evidence.members = members

    def _endpoints(self) -> list[str]:
        return [endpoint.name for endpoint in self._schedule.endpoints]

    def _ports(self, sender: str) -> list[int]:
        """A spool keeps the order of what came to its own intake; so a sender must have one of its own."""
        own = INTAKES[SENDERS.index(sender) % len(INTAKES)]
        intakes = (own,) if self._schedule.spool else INTAKES
        return [self._stage.wiring.port(f"{sender}>{intake}") for intake in intakes]

    def _look_back(self) -> None:
        """What Kafka holds when all is over; then its topics and groups are removed."""
        names = self._endpoints()
        self._evidence.log, self._evidence.letters = self._topics.log(), self._topics.letters()
        for life in self._evidence.lives:
            log = WorkerLog(self._stage.folder / life.name / "stderr", life.name, self._watch)
            self._evidence.failures += log.failures()
            self._evidence.expelled |= log.expelled()
        self._evidence.commits = self._topics.commits(names)
        self._topics.remove(names)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
