"""Workers of one endpoint in virtual time, between a log in memory and an endpoint that follows a script.

Endpoint, dispatcher, lanes, ledger, sending and burial are the real ones.
The world knows the truth, and checks at every commit that it claims nothing unfinished, at every request that no event
of a repository overtakes an earlier one and that no two of one repository are under way.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final
from zlib import crc32

from prometheus_client import CollectorRegistry

from consumer.attempts.recent import AttemptRoom
from consumer.dead_letters.record import ERROR, OFFSET, PARTITION, REASON, STATUS
from consumer.dead_letters.writing import Burial
from consumer.delivery.policy.breaker import Breaker
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.limited_client import LimitedClient
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.signing import Signer
from consumer.endpoint.courier import Courier
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.metrics import EndpointMetrics, WorkerMetrics
from consumer.endpoint.monitor import Monitor
from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import Screening
from consumer.log.schema_ids import SchemaIds
from consumer.offsets import commit_metadata as holes
from consumer.offsets.commits import Commit, commits_of
from runtime.config import EndpointSettings
from runtime.config.load import settings_from
from runtime.deadline import CLOSE_GRACE_S, Deadline
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from runtime.pauses import Pause
from runtime.schema_registry import SchemaRegistryUnavailableError
from schemas import Event, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.headers import record_headers
from tests.kit.virtual_time import EPOCH, VirtualClock, running_loop
from tests.simulation.simulated_log import TOPIC, Group, SimulatedLog, Stored, Topic

GROUP: Final = "registry-worker.ci"
LETTERS: Final = "registry.dead-letters"
ANSWER_S: Final = 0.005
_ROUNDED_S: Final = 1e-6
"""By which a time may be off that was counted from the epoch."""

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint does with a request."""

    status: int = 200
    after_s: float = ANSWER_S
    retry_after: str = ""
    fault: Fault | None = None
    """No answer, but this."""
    never: bool = False
    """The client itself never comes back, whatever its timeout."""


@dataclass(slots=True, eq=False)
class Post:
    """A request as the endpoint sees it."""

    at: float
    worker: int
    places: list[Place]
    repositories: list[str]
    tries: int
    """How often its first event came, this time included."""
    sender: str
    """The name of the sender that it came by."""
    reply: Reply = Reply()
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter."""

    at: float
    place: Place
    reason: str
    status: str
    error: str


Script = Callable[[Post], Reply]
GOOD: Final = Reply()


def always(status: int, **how: Any) -> Script:
    """The same answer to everything."""
    reply = Reply(status, **how)
    return lambda _: reply


class WritingRefusedError(BridgeError):
    """The dead letter topic takes nothing."""


def stored(repository: str, *, action: str = "push", content_type: str = "", pad: int = 0) -> Stored:
    """An event of a repository as it lies in the log; `pad` bytes longer if that is wanted."""
    target = Target(repository=repository, digest="sha256:" + "0" * 64, url="u" * pad)
    event = Event(id="e", action=action, target=target)
    if content_type:
        event = Event(id="e", action=action, target=target, content_type=content_type)
    value = frame(CATALOG.latest.id, encode(event))
    return Stored(repository.encode() or None, value, tuple(record_headers(event)), owed=action != "pull")


def push(
    repository: str, digest: str, *, tag: str = "v1", event_id: str = "", action: str = "push", **how: Any
) -> Stored:
    """What happened to a tag, as it lies in the log; `how` are members of `Stored`."""
    event = Event(id=event_id, action=action, target=Target(repository=repository, tag=tag, digest=digest))
    value = frame(CATALOG.latest.id, encode(event))
    return Stored(repository.encode(), value, tuple(record_headers(event)), **how)


def damaged(repository: str, value: bytes | None = b"\x00damaged") -> Stored:
    """A record that no release can read; None: a tombstone."""
    return Stored(repository.encode(), value, readable=False)


def foreign(repository: str, schema_id: int, **how: Any) -> Stored:
    """An event of somebody who framed it with a schema registry's id, without a header; `how` as in `stored`."""
    good = stored(repository, **how)
    assert good.value is not None
    return Stored(good.key, frame(schema_id, good.value[5:]), owed=good.owed)


def newer(repository: str) -> Stored:
    """A record that a newer release wrote."""
    good = stored(repository)
    return Stored(good.key, good.value, (("schema-fingerprint", b"00000000deadbeef"),))


@dataclass
class SchemaRegistry:
    """A schema registry in virtual time; each worker has what it has learnt of it for itself."""

    schemas: dict[int, str]
    """By id."""
    answer_s: float = 0.0
    is_away: bool = False
    asked: list[tuple[float, int]] = field(default_factory=list)
    """When each question was put, and of which id."""

    def schema(self, schema_id: int) -> str | None:
        """The schema with this id, if there is one."""
        if self.is_away:
            raise SchemaRegistryUnavailableError("the schema registry is away")
        return self.schemas.get(schema_id)


class _SchemaIds(SchemaIds):
    """Ids of a schema registry that takes virtual time."""

    def __init__(self, registry: SchemaRegistry) -> None:
        super().__init__(registry, VirtualClock())
        self._slow = registry

    def ask(self, schema_id: int) -> Any:
        """What runs in a thread elsewhere is a task here."""
        self._slow.asked.append((asyncio.get_running_loop().time(), schema_id))
        return self._ask_slowly(schema_id)

    async def _ask_slowly(self, schema_id: int) -> None:
        await asyncio.sleep(self._slow.answer_s)
        super().ask(schema_id)


@dataclass(slots=True)
class _Life:
    """What a killed worker may no longer do anything through."""

    number: int
    dead: bool = False


class World:
    """The topic, the group, the endpoint that is called, and the workers."""

    def __init__(
        self,
        *,
        partitions: int = 1,
        script: Script | None = None,
        seed: int | None = None,
        schemas: "SchemaRegistry | None" = None,
        breaker: type[Breaker] = Breaker,
        **keys: Any,
    ) -> None:
        """`keys` are those of the endpoint's settings, as in the file; `schemas` is the schema registry, if any."""
        self.schemas: Final = schemas
        self.breaker: Final = breaker
        self.topic: Final = Topic({number: [] for number in range(partitions)})
        self.group: Final = Group(check=self._check_commit)
        self.script: Script = script or always(200)
        self.settings: Final = endpoint_settings(**keys)
        self.jitter: Final[Callable[[], float]] = random.Random(seed).random if seed is not None else lambda: 0.0
        self.posts: Final[list[Post]] = []
        self.letters: Final[list[Letter]] = []
        self.letters_fault: Callable[[float], bool] = lambda _: False
        self.letters_s = 0.003
        self.accepted: Final[Counter[Place]] = Counter()
        """How often the endpoint took each event."""
        self.unfinished: Final[dict[int, dict[int, None]]] = {number: {} for number in range(partitions)}
        """Offsets that are owed, in order."""
        self.tried: Final[Counter[Place]] = Counter()
        """How often each event was sent."""
        self._busy: dict[tuple[int, str], Post] = {}
        self._waiting: Final[dict[tuple[int, str], dict[int, None]]] = {}
        self.workers: Final[list[Worker]] = []
        self.pause: Pause | None = None
        """The pause in which an operator holds the endpoint."""
        self._paused_at = 0.0
        self.violations: Final[list[str]] = []
        """What a request broke of the order within repositories."""

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    # The log.

    def write(self, *records: Stored, partition: int | None = None, times: int = 1) -> None:
        """Append these in turn, `times` over, each to its repository's partition unless one is named."""
        places = [self._partition(record) if partition is None else partition for record in records]
        for number in dict.fromkeys(places):
            mine = [record for record, at in zip(records, places, strict=True) if at == number] * times
            first = len(self.topic.partitions[number])
            for offset, record in enumerate(mine, first):
                if record.owed:
                    self.unfinished[number][offset] = None
                    if record.readable and self.settings.ordering == "repository":
                        key = (number, (record.key or b"").decode())
                        self._waiting.setdefault(key, {})[offset] = None
            self.topic.write(number, mine)

    def events(self, repositories: Iterable[str], times: int = 1, partition: int | None = None) -> None:
        """Append a good event of each repository, `times` over."""
        self.write(*map(stored, repositories), partition=partition, times=times)

    def gap(self, offsets: int, partition: int) -> None:
        """So many offsets that hold no record: what a transaction or compaction leaves."""
        first = len(self.topic.partitions[partition])
        self.topic.gaps.setdefault(partition, set()).update(range(first, first + offsets))
        self.topic.write(partition, [Stored(None, None, owed=False)] * offsets)

    def make_anew(self, partition: int, *, noticed: bool = True) -> None:
        """The topic is deleted and made anew: nothing of the old log is owed or counted any more."""
        self.topic.make_anew(partition, noticed=noticed)
        self.group.committed.pop(partition, None)
        self.unfinished[partition].clear()
        for place in [place for place in self.accepted if place[0] == partition]:
            del self.accepted[place]
        for lanes in (self._waiting, self._busy):
            for lane in [lane for lane in lanes if lane[0] == partition]:
                del lanes[lane]
        for post in [post for post in self.posts if post.ended is None]:
            kept = [at for at, place in enumerate(post.places) if place[0] != partition]
            post.places = [post.places[at] for at in kept]
            post.repositories = [post.repositories[at] for at in kept]

    def _partition(self, record: Stored) -> int:
        return crc32(record.key or b"") % len(self.topic.partitions)

    def repository(self, place: Place) -> str:
        """The repository of a record."""
        return (self.topic.partitions[place[0]][place[1]].key or b"").decode()

    def accepted_at(self, place: Place) -> float:
        """When an intake accepted the event there, in virtual seconds and by no clock of its own."""
        number, offset = place
        ahead_s = self.topic.partitions[number][offset].ahead_s
        return self.topic.stamps[number][offset] / 1000 - EPOCH - ahead_s

    # The workers.

    def worker(self, partitions: Iterable[int] | None = None) -> "Worker":
        """Start one, with these partitions or all."""
        made = self.unstarted(self.settings, partitions)
        made.endpoint.start()
        return made

    def unstarted(self, settings: EndpointSettings, partitions: Iterable[int] | None = None) -> "Worker":
        """One with these settings, with these partitions or all, that is not started."""
        mine = self.topic.partitions if partitions is None else partitions
        self.workers.append(made := Worker(self, len(self.workers), mine, settings))
        made.endpoint.acts.hold(self.pause)
        return made

    def hold(self, pause: Pause | None) -> None:
        """An operator holds the endpoint, or lets it go on: every worker of it."""
        self.pause, self._paused_at = pause, self.now
        for worker in self.workers:
            if not worker.is_dead:
                worker.endpoint.acts.hold(pause)

    async def until(self, condition: Callable[[], bool], limit_s: float = 100_000.0, step_s: float = 0.05) -> float:
        """Let time pass until something is so; how long that took in virtual seconds, to `step_s` or half a percent."""
        began = self.now
        while not condition():
            assert not self.violations, self.violations
            assert self.now - began < limit_s, self.summary()
            await asyncio.sleep(max(step_s, (self.now - began) / 200))
        assert not self.violations, self.violations
        return self.now - began

    @property
    def done(self) -> bool:
        """Whether everything owed was taken by the endpoint or is a dead letter."""
        return not any(self._owed(number) for number in self.unfinished)

    def _owed(self, partition: int) -> list[int]:
        """Offsets that are owed, in order: without those that repeat what the endpoint has."""
        return [offset for offset in self.unfinished[partition] if not self._is_repeated((partition, offset))]

    def _is_repeated(self, place: Place) -> bool:
        number, offset = place
        before = self.topic.partitions[number][offset].repeat_of
        return before is not None and self.accepted[number, before] > 0

    @property
    def committed(self) -> bool:
        """Whether the group has committed all that the log holds, without a hole."""
        ends = {number: len(content) for number, content in self.topic.partitions.items() if content}
        return all(self.group.committed.get(number) == (end, "") for number, end in ends.items())

    async def finish(self, limit_s: float = 100_000.0) -> float:
        """Let time pass until all is delivered or given up, and committed; virtual seconds."""
        return await self.until(lambda: self.done and self.committed, limit_s)

    # What is checked.

    @property
    def repeats(self) -> int:
        """Events that the endpoint took more than once, counted each time."""
        return sum(times - 1 for times in self.accepted.values())

    @property
    def dead(self) -> list[Place]:
        """The places of the dead letters."""
        return [letter.place for letter in self.letters]

    def times(self, repository: str) -> list[float]:
        """When requests with an event of this repository arrived."""
        return [post.at for post in self.posts if repository in post.repositories]

    def summary(self) -> str:
        """Where things stand, for a failed assertion."""
        left = {number: len(owed) for number, owed in self.unfinished.items() if owed}
        first = {number: next(iter(owed)) for number, owed in self.unfinished.items() if owed}
        return (
            f"at {self.now:.1f}: {len(self.posts)} requests, {len(self.accepted)} taken, {len(self.letters)} letters, "
            f"unfinished {left}, first {first}, committed { {n: c[0] for n, c in self.group.committed.items()} }"
        )

    def _check_commit(self, commit: Commit) -> None:
        """Every commit claims only what the endpoint has, or what lies among the dead letters."""
        number, offset = commit.partition, commit.offset
        claimed = holes.decode(commit.metadata, offset, group=GROUP, topic=TOPIC, partition=number)
        open_below = [
            owed
            for owed in takewhile(lambda owed: owed < max(offset, claimed.top), self.unfinished[number])
            if not self._is_repeated((number, owed))
        ]
        gone = self.topic.gaps.get(number, set())
        lies = [owed for owed in open_below if owed not in claimed.holes and owed not in gone]
        low = self.topic.low.get(number, 0)
        assert [] == [owed for owed in lies if owed >= low], f"{commit} claims unfinished offsets {lies[:5]}"

    # What the workers call.

    async def receive(self, life: _Life, sender: str, places: list[Place]) -> Result:
        """The endpoint is sent these events by a worker."""
        post = self._arrived(life, sender, places)
        self.posts.append(post)
        post.reply = reply = self.script(post)
        timed_out = reply.after_s > self.settings.timeout_s
        try:
            await asyncio.sleep(1e9 if reply.never else min(reply.after_s, self.settings.timeout_s))
        finally:
            self._left(post)
        if timed_out:
            return NoAnswer(Fault.TIMEOUT, "no answer in time")
        if reply.fault is not None:
            return NoAnswer(reply.fault, "simulated")
        return Answer(reply.status, reply.retry_after)

    def _arrived(self, life: _Life, sender: str, places: list[Place]) -> Post:
        if life.dead:
            self.violations.append("a worker sends after its end")
        if any(self.now < self.accepted_at(place) + self.settings.delay_s - _ROUNDED_S for place in places):
            self.violations.append(f"a request comes too early for the delay: {places}")
        if self.pause is not None and self.now > self._paused_at:
            self.violations.append(f"a request starts in a pause: {places}")
        self.tried.update(places)
        repositories = [self.repository(place) for place in places]
        post = Post(self.now, life.number, places, repositories, self.tried[places[0]], sender)
        for number, repository in self._lanes(post):
            if (number, repository) in self._busy:
                self.violations.append(f"two requests of {repository} at a time: {places}")
            self._busy[number, repository] = post
            self._check_order(number, repository, [place[1] for place in places if place[0] == number])
        return post

    def _check_order(self, number: int, repository: str, offsets: list[int]) -> None:
        mine = [offset for offset in offsets if self.repository((number, offset)) == repository]
        owed = self._waiting.get((number, repository), {})
        earlier = set(takewhile(lambda offset: offset < mine[-1], owed)) - set(mine)
        earlier = {offset for offset in earlier if not self._is_repeated((number, offset))}
        if earlier or mine != sorted(mine):
            self.violations.append(f"{repository} at {mine} overtakes {sorted(earlier)[:3]}")

    def _left(self, post: Post) -> None:
        """The worker has its answer, or waits no longer; what was taken is taken all the same."""
        post.ended = self.now
        for lane in self._lanes(post):
            if self._busy.get(lane) is post:
                del self._busy[lane]
        if 200 <= post.reply.status < 300 and post.reply.fault is None:
            for place in post.places:
                self.accepted[place] += 1
                self._finish(place)

    def _lanes(self, post: Post) -> list[tuple[int, str]]:
        if self.settings.ordering != "repository":
            return []
        pairs = zip(post.places, post.repositories, strict=True)
        return list(dict.fromkeys((place[0], repository) for place, repository in pairs if repository))

    def _finish(self, place: Place) -> None:
        self.unfinished[place[0]].pop(place[1], None)
        self._waiting.get((place[0], self.repository(place)), {}).pop(place[1], None)

    async def bury(self, life: _Life, letters: Iterable[OutgoingRecord]) -> None:
        """The dead letter topic is written to by a worker."""
        await asyncio.sleep(self.letters_s)
        if self.letters_fault(self.now):
            raise WritingRefusedError("no dead letters now")
        if life.dead:
            self.violations.append("a worker writes after its end")
        for letter in letters:
            told = {name: value.decode() for name, value in letter.headers}
            place = int(told[PARTITION]), int(told[OFFSET])
            self.letters.append(Letter(self.now, place, told[REASON], told.get(STATUS, ""), told.get(ERROR, "")))
            self._finish(place)


class _Client:
    """Sends to the world in a worker's name."""

    def __init__(self, world: World, life: _Life, name: str) -> None:
        self._world = world
        self._life = life
        self._name = name
        self._is_closed = False

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once."""
        places = dict(request.headers)["registry-event"].split(",")
        found = [(int(partition), int(offset)) for _, partition, offset in (place.split("/") for place in places)]
        if self._is_closed:
            self._world.violations.append("a client sends after its end")
        return await self._world.receive(self._life, self._name, found)

    async def close(self) -> None:
        """Nothing is open."""
        self._is_closed = True


class _Letters:
    """Writes the world's dead letters in a worker's name."""

    def __init__(self, world: World, life: _Life) -> None:
        self._world = world
        self._life = life

    async def write_soon(self, records: Iterable[OutgoingRecord]) -> None:
        """Write them all."""
        await self._world.bury(self._life, records)


@dataclass(eq=False)
class Worker:
    """One worker process, as far as this endpoint goes."""

    world: World
    number: int
    assignment: Iterable[int]
    settings: EndpointSettings
    endpoint: Endpoint = field(init=False)
    log: SimulatedLog = field(init=False)

    def __post_init__(self) -> None:
        world, clock, settings = self.world, VirtualClock(), self.settings
        self._life = _Life(self.number)
        self.log = SimulatedLog(world.topic, world.group, self.assignment, drain_s=max(10.0, settings.timeout_s + 1.0))
        metrics = EndpointMetrics(WorkerMetrics(CollectorRegistry()), "ci")
        monitor = Monitor("ci", metrics, AttemptRoom().of("ci", clock.wall()), clock)
        sender = self.sender("first")
        burial = Burial("ci", LETTERS, _Letters(world, self._life), largest=2**24, jitter=world.jitter)
        self.endpoint = Endpoint(
            settings,
            commits_of(GROUP, TOPIC, settings),
            self.log,
            screening=Screening(Filter(settings), _SchemaIds(world.schemas) if world.schemas is not None else None),
            gate=Gate(settings, world.jitter, breaker=world.breaker),
            courier=Courier(sender, burial, monitor),
            monitor=monitor,
            clock=clock,
        )
        running_loop().at_end.append(self.endpoint.stop_passes)

    @property
    def is_dead(self) -> bool:
        """Whether it was stopped or killed."""
        return self._life.dead

    def sender(self, name: str) -> Sender:
        """Another sender of this worker; requests tell its name."""
        client = LimitedClient(_Client(self.world, self._life, name), self.settings.timeout_s)
        return Sender(client, Signer(), VirtualClock(), self.settings.form)

    def is_open(self) -> bool:
        """Whether its breaker is open."""
        return self.endpoint.gate.breaker.is_open

    async def stop(self) -> None:
        """SIGTERM: in peace."""
        await self.endpoint.close(Deadline.after(self.log.drain_s + CLOSE_GRACE_S, VirtualClock()))
        self._life.dead = True

    async def kill(self) -> None:
        """SIGKILL: nothing that it would do afterwards happens; what it was sending has arrived."""
        self.log.die()
        self._life.dead = True
        await self.endpoint.abort()


def endpoint_settings(**keys: Any) -> EndpointSettings:
    """Settings of the endpoint `ci` with these keys, as the file has them."""
    endpoint = {"name": "ci", "url": "http://127.0.0.1:9/hooks", **keys}
    kafka = {"bootstrap.servers": "127.0.0.1:9092"}
    return settings_from({"kafka": kafka, "endpoints": [endpoint]}).endpoints[0]
