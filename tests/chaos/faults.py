"""Carries the faults of a schedule out, each at its time, and takes them all back at the end."""

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

from broker import LocalCluster, LocalKafka, LocalKafkaError
from tests.chaos import plan
from tests.chaos.facts import Evidence, FaultFact
from tests.chaos.links import Mode
from tests.chaos.plan import Fault, Kind
from tests.chaos.programs import Programs
from tests.chaos.receivers import Receiver
from tests.chaos.stopwatch import Stopwatch
from tests.chaos.topics import Topics
from tests.chaos.wiring import Wiring

MODES: Final = {
    Kind.LINK_CUT: Mode.CUT,
    Kind.LINK_DELAYED: Mode.DELAYED,
    Kind.LINK_RESET: Mode.RESET,
    Kind.LINK_BLACK_HOLE: Mode.BLACK_HOLE,
}

START_TRIES: Final = 5
START_AGAIN_S: Final = 1.0
FULL_BYTES: Final = 100_000
"""A file that is as large takes nothing more, as on a full disk: a spool's, when it holds some dozens of events."""


class Faults:
    """The hand that does it.

    Args:
        cluster: the brokers.
        wiring: the links.
        programs: the processes.
        receivers: of the endpoints, by name.
        topics: of the run.
        evidence: where it is written.
        watch: the time of the run.
    """

    def __init__(
        self,
        cluster: LocalCluster,
        wiring: Wiring,
        *,
        programs: Programs,
        receivers: dict[str, Receiver],
        topics: Topics,
        evidence: Evidence,
        watch: Stopwatch,
    ) -> None:
        self._brokers = {f"b{number}": broker for number, broker in enumerate(cluster.brokers, 1)}
        self._wiring = wiring
        self._programs = programs
        self._receivers = receivers
        self._topics = topics
        self._evidence = evidence
        self._watch = watch
        self._cluster = asyncio.Lock()
        """What needs an answer of the brokers, or keeps them from one, is done one after the other."""

    async def carry_out(self, faults: Sequence[Fault], load_at: float) -> None:
        """All of them; returns when the last is over and everything runs again.

        Args:
            faults: of the schedule.
            load_at: when the load begins.
        """
        async with asyncio.TaskGroup() as tasks:
            for fault in faults:
                tasks.create_task(self._one(fault, load_at))
        self._evidence.faults_ended = self._watch.now()

    async def _one(self, fault: Fault, load_at: float) -> None:
        await self._watch.until(load_at + fault.at)
        async with self._cluster if _needs_brokers(fault) else nullcontext():
            at = self._watch.now()
            hit = await self._do(fault)
            self._evidence.faults.append(FaultFact(fault, at, self._watch.now(), hit))

    async def _do(self, fault: Fault) -> str:
        """One fault from its beginning to its end; the incarnation of the process that it hit."""
        kind = fault.kind
        if kind in MODES:
            return await self._link(fault)
        if kind in plan.ENDPOINTS:
            return await self._endpoint(fault)
        if kind in {Kind.LETTERS_REFUSED, Kind.LETTERS_DELETED}:
            return await self._letters(fault)
        if _needs_brokers(fault):
            return await self._broker(fault)
        return await self._process(fault)

    async def _process(self, fault: Fault) -> str:
        name, kind = fault.target, fault.kind
        if kind is Kind.WORKER_ADDED:
            return await self._programs.start(name)
        if kind in {Kind.WORKER_KILLED, Kind.INTAKE_KILLED}:
            hit = await self._programs.kill(name)
        elif kind in {Kind.WORKER_STOPPED, Kind.INTAKE_STOPPED, Kind.WORKER_REMOVED}:
            hit = await self._programs.stop(name)
        elif kind is Kind.DISK_FULL:
            hit = self._programs.limit_files(name, FULL_BYTES)
            await asyncio.sleep(fault.seconds)
            self._programs.limit_files(name, None)
            return hit
        else:
            hit = self._programs.signal(name, signal.SIGSTOP)
            await asyncio.sleep(fault.seconds)
            self._programs.signal(name, signal.SIGCONT)
            return hit
        if hit and kind is not Kind.WORKER_REMOVED:
            await asyncio.sleep(fault.seconds)
            await self._programs.start(name)
        return hit

    async def _link(self, fault: Fault) -> str:
        links = self._wiring.links(fault.target)
        for link in links:
            link.set(MODES[fault.kind])
        await asyncio.sleep(fault.seconds)
        for link in links:
            link.set(Mode.PASSES)
        return ""

    async def _endpoint(self, fault: Fault) -> str:
        receiver = self._receivers[fault.target]
        receiver.mode = fault.kind
        await asyncio.sleep(fault.seconds)
        receiver.mode = None
        return ""

    async def _letters(self, fault: Fault) -> str:
        """The dead-letter topic takes nothing for a while."""
        is_deleted = fault.kind is Kind.LETTERS_DELETED
        async with self._cluster:
            await asyncio.to_thread(self._topics.delete_letters if is_deleted else self._topics.refuse_letters)
        await asyncio.sleep(fault.seconds)
        async with self._cluster:
            await asyncio.to_thread(self._topics.make_letters if is_deleted else self._topics.take_letters)
        return ""

    async def _broker(self, fault: Fault) -> str:
        if fault.kind is Kind.PARTITIONS_ADDED:
            await asyncio.to_thread(self._topics.add_partitions)
        elif fault.kind is Kind.LETTERS_BELOW_MINIMUM:
            await asyncio.to_thread(self._topics.need_all_copies, wanted=True)
            await self._frozen(["b3"], fault.seconds)
            await asyncio.to_thread(self._topics.need_all_copies, wanted=False)
        elif fault.kind is Kind.BROKERS_BELOW_MINIMUM:
            await self._frozen(["b2", "b3"], fault.seconds)
        elif fault.kind in {Kind.BROKER_FROZEN, Kind.BROKER_FROZEN_LONG}:
            await self._frozen([fault.target], fault.seconds)
        else:
            await self._restarted(self._brokers[fault.target], fault)
        return ""

    async def _frozen(self, names: Sequence[str], seconds: float) -> None:
        for name in names:
            self._brokers[name].pause()
        await asyncio.sleep(seconds)
        for name in names:
            self._brokers[name].resume()

    @staticmethod
    async def _restarted(broker: LocalKafka, fault: Fault) -> None:
        await asyncio.to_thread(broker.kill if fault.kind is Kind.BROKER_KILLED else broker.stop)
        await asyncio.sleep(fault.seconds)
        await asyncio.to_thread(_start, broker)


def _needs_brokers(fault: Fault) -> bool:
    """Whether a fault needs the brokers for itself for as long as it lasts; it begins when it has them."""
    return fault.kind in {*plan.BROKERS, *plan.OF_THREE_BROKERS, Kind.PARTITIONS_ADDED}


def _start(broker: LocalKafka) -> None:
    """Start a broker again, as whoever looks after brokers does: one that ends while it starts is started once more.

    Raises:
        LocalKafkaError: it has ended each time.
    """
    for tries_left in reversed(range(START_TRIES)):
        try:
            broker.start()
        except LocalKafkaError:
            if not tries_left:
                raise
            time.sleep(START_AGAIN_S)
        else:
            return
