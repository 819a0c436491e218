"""A spool's surroundings in virtual time: Kafka, a disk, and registries that come again, all of which can fail.

The way through the spool is the real one: `SpooledTopic`, `Forwarder`, `SpoolStanding`, `SpoolCourse`.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from producer.preparation import Hindrance
from producer.spool.amount import SpoolAmount
from producer.spool.course import SpoolCourse
from producer.spool.errors import SpoolDiskError, SpoolError, SpoolFullError, SpoolRefusedError
from producer.spool.forwarder import BATCH_EVENTS, Forwarder
from producer.spool.spooled_record import RowDraft, SpoolRow
from producer.spool.spooled_topic import SpooledTopic
from producer.spool.standing import SpoolStanding
from producer.spool.work import Append
from runtime.kafka.errors import KafkaRefusedError, KafkaTimeRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import STRAIGHT_LIMIT_S
from schemas.avro import frame
from schemas.catalog import CATALOG
from tests.kit.virtual_time import VirtualClock

LATEST = CATALOG.latest
ROUND_TRIP_S = 0.005
SYNC_S = 0.002
FORWARD_LIMIT_S = 60.0
AWAY = Hindrance("Kafka does not acknowledge writes")


@dataclass(slots=True)
class SimulatedKafka:
    """The log, and how Kafka is.

    Args:
        away: writes do not arrive.
        mute: they arrive, and are not acknowledged.
        known_away: the straight writer knows it.
    """

    log: list[tuple[str, int]] = field(default_factory=list)
    away: bool = False
    mute: bool = False
    known_away: bool = False
    under_way: int = 0
    refuses: int | None = None
    """The number of an event that is too large."""
    latest_ms: int | None = None
    """Records of a later time are refused."""
    times: list[int | None] = field(default_factory=list)
    """Of what is in the log."""

    async def write(self, records: Sequence[OutgoingRecord], limit_s: float) -> None:
        """As the acknowledged writer, with its limit."""
        numbers = [event_of(record) for record in records]
        if self.refuses is not None and any(number == self.refuses for _, number in numbers):
            await asyncio.sleep(ROUND_TRIP_S)
            self.log += [one for one in numbers if one[1] != self.refuses]
            raise KafkaRefusedError("too large")
        try:
            async with asyncio.timeout(limit_s):
                await asyncio.sleep(ROUND_TRIP_S)
                await until(lambda: not self.away)
                if self.latest_ms is not None and any((one.timestamp_ms or 0) > self.latest_ms for one in records):
                    raise KafkaTimeRefusedError("ahead")
                self.log += numbers
                self.times += [record.timestamp_ms for record in records]
                await until(lambda: not self.mute)
        except TimeoutError:
            self.known_away = True
            raise KafkaUnavailableError("no acknowledgement") from None


class Straight:
    """The way without a spool."""

    def __init__(self, kafka: SimulatedKafka) -> None:
        self._kafka = kafka

    @property
    def obstacle(self) -> Hindrance | None:
        """Why not to try."""
        if self._kafka.known_away and (self._kafka.away or self._kafka.mute):
            return AWAY
        self._kafka.known_away = False
        return None

    async def hindrance(self) -> Hindrance | None:
        """The same."""
        return AWAY if self._kafka.away or self._kafka.mute else None

    def schema_id(self) -> int:
        """The pinned one."""
        return LATEST.id

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Within the time of a POST."""
        self._kafka.under_way += 1
        try:
            await self._kafka.write(records, STRAIGHT_LIMIT_S)
        finally:
            self._kafka.under_way -= 1


class Forward:
    """The way from the spool."""

    def __init__(self, kafka: SimulatedKafka) -> None:
        self._kafka = kafka
        self.ids: Mapping[int, int] = {LATEST.version: LATEST.id}

    @property
    def obstacle(self) -> str:
        """Why not to try."""
        return "events that went straight are under way" if self._kafka.under_way else ""

    async def write(self, records: Sequence[OutgoingRecord]) -> None:
        """With time."""
        await self._kafka.write(records, FORWARD_LIMIT_S)


@dataclass(slots=True)
class SimulatedDisk:
    """What a crash leaves, and how the disk is."""

    rows: list[SpoolRow] = field(default_factory=list)
    next: int = 1
    fault: SpoolError | None = None
    hangs: bool = False
    room: int = 10**9

    def amount(self) -> SpoolAmount:
        """How much is there."""
        return SpoolAmount(len(self.rows), 0, 0, self.rows[0].accepted_ms if self.rows else None)


class SimulatedStore:
    """The store of one process on the disk."""

    def __init__(self, disk: SimulatedDisk, standing: SpoolStanding) -> None:
        self._disk = disk
        self._standing = standing
        self._turn = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Tell what there is, as soon as the disk is well."""
        async with self._turn:
            while self._disk.fault is not None:
                self._standing.failed(self._disk.fault)
                await asyncio.sleep(1.0)
            self._standing.opened(self._disk.amount())

    def append(self, drafts: Sequence[RowDraft]) -> Append:
        """Begin to append."""
        work = Append(drafts, asyncio.get_running_loop().create_future())
        self._begin(self._append(work))
        return work

    async def _append(self, work: Append) -> None:
        async with self._turn:
            try:
                await self._sync()
                if work.is_abandoned:
                    raise SpoolDiskError("did not answer in time")
                if len(self._disk.rows) + len(work.drafts) > self._disk.room:
                    raise SpoolFullError("the spool is full (intake.spool.max)")
            except SpoolError as error:
                work.done.set_exception(error)
                if isinstance(error, SpoolFullError):
                    self._begin(self._wait_for_room(len(work.drafts)))
                elif not work.is_abandoned:
                    self._fail(error)
                return
            for draft in work.drafts:
                self._disk.rows.append(draft.at(self._disk.next))
                self._disk.next += 1
            work.done.set_result(self._disk.amount())

    async def read(self, after: int, *, most: int, most_bytes: int) -> list[SpoolRow]:
        """The first rows."""
        del most_bytes
        async with self._turn:
            await self._checked()
            return [row for row in self._disk.rows if row.seq > after][:most]

    async def remove_to(self, seq: int) -> tuple[int, SpoolAmount]:
        """Remove, with a moment before and one after: a crash meets both."""
        async with self._turn:
            await self._checked()
            before = len(self._disk.rows)
            self._disk.rows = [row for row in self._disk.rows if row.seq > seq]
            await self._checked()
            return before - len(self._disk.rows), self._disk.amount()

    async def _checked(self) -> None:
        try:
            await self._sync()
        except SpoolError as error:
            self._fail(error)
            raise

    async def _sync(self) -> None:
        await asyncio.sleep(SYNC_S)
        await until(lambda: not self._disk.hangs)
        if self._disk.fault is not None:
            raise self._disk.fault

    def _fail(self, error: SpoolError) -> None:
        self._standing.failed(error)
        self._begin(self.open())

    async def _wait_for_room(self, records: int) -> None:
        await until(lambda: len(self._disk.rows) + records <= self._disk.room)
        self._standing.has_room()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


@dataclass(slots=True)
class Tally:
    """What was counted."""

    repeats: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    stored_events: int = 0
    refusals: int = 0

    def stored(self, records: int) -> None:
        """On disk."""
        self.stored_events += records

    def forwarded(self, records: int) -> None:
        """In Kafka."""

    def maybe_repeated(self, records: int) -> None:
        """Written again."""
        self.repeats += records

    def failed(self, reason: str) -> None:
        """Not taken."""
        self.failures[reason] += 1

    def refused(self) -> None:
        """By Kafka."""
        self.refusals += 1


class Bridge:
    """One process: dies and is started again."""

    def __init__(self, kafka: SimulatedKafka, disk: SimulatedDisk, tally: Tally, course: SpoolCourse) -> None:
        self.standing = SpoolStanding()
        self.standing.course = course
        self.store = SimulatedStore(disk, self.standing)
        self.topic = SpooledTopic(Straight(kafka), self.store, self.standing, counter=tally, clock=VirtualClock())
        self.forwarder = Forwarder(
            self.store, self.standing, Forward(kafka), topic="events", counter=tally, clock=VirtualClock()
        )
        self.posts: set[asyncio.Task[None]] = set()
        self._tasks = [asyncio.create_task(self.store.open()), asyncio.create_task(self.forwarder.run())]

    async def post(self, records: Sequence[OutgoingRecord]) -> bool:
        """Whether it was answered 200; a POST that dies with the process was not."""
        task = asyncio.create_task(self.topic.write(records))
        self.posts.add(task)
        try:
            await asyncio.wait([task])
            return not task.cancelled() and task.exception() is None
        finally:
            self.posts.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                assert isinstance(error, SpoolRefusedError | KafkaRefusedError), error

    async def kill(self) -> None:
        """Nothing of it goes on."""
        tasks = [*self._tasks, *self.store.tasks, *self.posts]
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class SpoolWorld:
    """Everything, and the checks."""

    kafka: SimulatedKafka = field(default_factory=SimulatedKafka)
    disk: SimulatedDisk = field(default_factory=SimulatedDisk)
    tally: Tally = field(default_factory=Tally)
    course: type[SpoolCourse] = SpoolCourse
    allowed_repeats: int = 0
    answered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By repository: how many events of it were answered 200."""
    bridge: Bridge | None = None

    async def start(self) -> None:
        """A process."""
        self.bridge = Bridge(self.kafka, self.disk, self.tally, self.course())

    async def stop(self) -> None:
        """No more processes."""
        assert self.bridge is not None
        await self.bridge.kill()

    @property
    def holds(self) -> bool:
        """Whether anything is in the spool, or on its way there."""
        return bool(self.disk.rows) or self.bridge is None or self.bridge.standing.course.holds

    async def crash(self) -> None:
        """It dies, and another is started at once."""
        assert self.bridge is not None
        self.allowed_repeats += min(BATCH_EVENTS, len(self.disk.rows))
        await self.bridge.kill()
        self.kafka.under_way = 0
        await self.start()

    async def registry(self, repository: str, stop: asyncio.Event) -> None:
        """Posts event after event, each until it is answered 200."""
        number = 0
        while not stop.is_set():
            record = record_of(repository, number)
            while not (self.bridge is not None and await self.bridge.post([record])):
                self.allowed_repeats += 1
                await asyncio.sleep(0.2)
            self.check_kept(repository, number)
            number += 1
            self.answered[repository] = number
            await asyncio.sleep(0.05)

    def check_kept(self, repository: str, number: int) -> None:
        """S1: what was answered is in the log or on disk."""
        on_disk = (row.content for row in self.disk.rows)
        mark = f"{repository}#{number};".encode()
        assert (repository, number) in self.kafka.log or any(mark in content for content in on_disk), (
            f"event {number} of {repository} was answered and is nowhere"
        )

    def check_all(self) -> None:
        """S1, S2 and S3 of the whole log."""
        found: dict[str, list[int]] = defaultdict(list)
        for repository, number in self.kafka.log:
            found[repository].append(number)
        for repository, count in self.answered.items():
            firsts = list(dict.fromkeys(found[repository]))
            assert firsts == sorted(firsts), f"{repository} is out of order: {found[repository]}"
            assert set(range(count)) <= set(firsts), f"{repository} lacks events"
        repeats = len(self.kafka.log) - len(set(self.kafka.log))
        assert repeats <= self.allowed_repeats + self.tally.repeats, f"{repeats} repeats"


async def until(is_so: Callable[[], bool]) -> None:
    """Wait, looking again and again: in virtual time that costs nothing."""
    while not is_so():  # noqa: ASYNC110 - nobody else has to know that somebody waits
        await asyncio.sleep(0.05)


def record_of(repository: str, number: int, time_ms: int = 1) -> OutgoingRecord:
    """A numbered record."""
    value = frame(LATEST.id, f"{repository}#{number};".encode())
    return OutgoingRecord("events", repository.encode(), value, [], time_ms)


def event_of(record: OutgoingRecord) -> tuple[str, int]:
    """The repository and number of one."""
    repository, _, number = (record.value or b"")[5:].decode().rstrip(";").partition("#")
    return repository, int(number)
