"""A redrive in virtual time: order, what fails again, outages, and what a stop or an absent Kafka leaves behind."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import pytest

from consumer.dead_letters.letter import Letter, LetterPlace
from consumer.dead_letters.record import letter_of, parse_record
from consumer.dead_letters.redrive import Redrive
from consumer.dead_letters.report import RedriveReport
from consumer.delivery.owner import Room
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.formats import UnsendableError
from consumer.lanes.delivery import Delivery
from consumer.record import Record
from runtime.config import EndpointSettings
from runtime.kafka.errors import KafkaRefusedError
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event, Target
from schemas.headers import record_headers
from tests.kit.virtual_time import VirtualClock, simulated

OK = Answer(200)
AWAY = NoAnswer(Fault.CONNECT, "refused")
SECONDS = 0.1
"""How long a request takes."""
CLOSING_SECONDS = 0.05
"""How long a closing takes, unless told otherwise."""


def stored(repository: str, number: int) -> Record:
    """The letter of event `REPOSITORY-NUMBER`, at offset `number` of the repository's own partition."""
    event = Event(id=f"{repository}-{number}", action="push", target=Target(repository=repository))
    partition = ord(repository[0])
    value = frame(CATALOG.latest.id, encode(event))
    headers = tuple(record_headers(event))
    original = Record("events", partition, number, 0, repository.encode(), value, headers)
    cause = Cause(Reason.REJECTED, 422, "status 422")
    letter = letter_of(original, cause, topic="d", endpoint="ci", attempts=1, first_attempt=None, last_attempt=None)
    return Record("d", partition, number, 0, letter.key, letter.value, tuple(letter.headers))


class Scene:
    """Letters, an endpoint that answers by script, and a Kafka that closes."""

    def __init__(self, letters: Mapping[str, int], answer: Callable[[str], Result], **settings: float) -> None:
        self.topic = [stored(repository, number) for repository, count in letters.items() for number in range(count)]
        self.answer = answer
        self.sent: list[tuple[float, str]] = []
        self.closed: list[str] = []
        self.close_fault: Exception | None = None
        self.close_seconds = CLOSING_SECONDS
        self.unclosed: set[str] = set()
        """Repositories with a delivered letter that is not closed yet."""
        self.in_flight: set[str] = set()
        self.widest = 0
        self.settled = 0
        """As far as was shown."""
        self.settings = EndpointSettings(name="ci", url="http://h/", **settings)  # type: ignore[arg-type]
        self.stop = asyncio.Event()
        self.clock = VirtualClock()
        self.redrive = Redrive(
            self.settings,
            self.letters(),
            source=self,
            sender=self,
            closer=self,
            clock=self.clock,
            jitter=lambda: 0.0,
        )

    def letters(self) -> list[Letter]:
        """All of them."""
        found = [parse_record(record) for record in self.topic]
        return [letter for letter in found if isinstance(letter, Letter)]

    async def records(self, letters: Sequence[Letter]) -> Mapping[LetterPlace, Record]:
        """What is there of these."""
        wanted = {letter.place for letter in letters}
        return {(r.partition, r.offset): r for r in self.topic if (r.partition, r.offset) in wanted}

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """One request; never two of a repository at once, nor one before the last delivered one is closed."""
        (delivery,) = deliveries
        assert delivery.event is not None
        repository = delivery.event.target.repository
        assert repository not in self.in_flight | self.unclosed
        self.in_flight.add(repository)
        self.widest = max(self.widest, len(self.in_flight))
        self.sent.append((self.clock.monotonic(), delivery.event.id))
        try:
            await asyncio.sleep(SECONDS)
        finally:
            self.in_flight.discard(repository)
        result = self.answer(delivery.event.id)
        if result == OK:
            self.unclosed.add(repository)
        return result

    async def close(self, letter: Letter) -> None:
        """Note it, or fail."""
        await asyncio.sleep(self.close_seconds)
        if self.close_fault is not None:
            raise self.close_fault
        self.unclosed.discard(letter.repository)
        self.closed.append(letter.event_id)

    def hurry(self) -> None:
        """It waits for nobody."""

    def advance(self, count: int, /) -> None:
        """Count the letters that are settled."""
        self.settled += count

    async def run(self) -> RedriveReport:
        """To the end."""
        try:
            return await self.redrive.run(self.stop, drain_s=10.0, progress=self)
        finally:
            assert self.settled == self.redrive.report.settled

    def of(self, repository: str) -> list[str]:
        """What was sent of a repository."""
        return [name for _, name in self.sent if name.startswith(repository)]


@simulated
async def test_all_are_delivered_in_order() -> None:
    """Every letter is sent once and closed, in the order of the log within its repository, others beside it."""
    scene = Scene({"a": 300, "b": 5, "c": 1}, lambda _: OK)
    report = await scene.run()
    assert report.is_complete
    for repository, count in (("a", 300), ("b", 5), ("c", 1)):
        assert [f"{repository}-{number}" for number in range(count)] == scene.of(repository)
    assert sorted(scene.closed) == sorted(name for _, name in scene.sent)
    assert scene.widest == 3


@simulated
async def test_concurrency_is_the_endpoints() -> None:
    """No more requests at once than `concurrency` says."""
    scene = Scene({chr(ord("a") + at): 2 for at in range(20)}, lambda _: OK, concurrency=3)
    assert (await scene.run()).is_complete
    assert scene.widest == 3


@simulated
async def test_rate_is_kept() -> None:
    """Two requests a second: twenty take nine seconds and a half."""
    scene = Scene({chr(ord("a") + at): 1 for at in range(20)}, lambda _: OK, rate_limit=2.0)
    assert (await scene.run()).is_complete
    assert 9.4 <= scene.sent[-1][0] - scene.sent[0][0] <= 9.6


@simulated
async def test_failure_skips_the_rest_of_its_repository() -> None:
    """What follows a letter that failed again is not sent, also what was not read yet; other repositories go on."""
    scene = Scene({"a": 500, "b": 3}, lambda name: Answer(500) if name == "a-2" else OK)
    report = await scene.run()
    assert scene.of("a") == ["a-0", "a-1", "a-2"]
    assert len(scene.of("b")) == 3
    assert [("a-2", "exhausted: status 500")] == [(letter.name, why) for letter, why in report.failed]
    assert {f"a-{number}" for number in range(3, 500)} == {letter.name for letter, _ in report.skipped}
    assert (report.redriven, report.untouched, report.stopped) == (5, 0, "")


@simulated
async def test_unavailable_waits_with_the_endpoints_backoff() -> None:
    """1, 2, 4, ... seconds between the tries of a letter, `attempts` of them, while others are delivered."""
    scene = Scene(
        {"a": 2, **{chr(ord("b") + at): 40 for at in range(3)}},
        lambda name: AWAY if name == "a-0" else OK,
        attempts=4,
        rate_limit=5.0,
    )
    report = await scene.run()
    moments = [moment for moment, name in scene.sent if name == "a-0"]
    waits = [after - before for before, after in pairwise(moments)]
    assert [1.0, 2.0, 4.0] == [round(wait - SECONDS) for wait in waits]
    assert [letter.name for letter, _ in report.failed] == ["a-0"]
    assert [letter.name for letter, _ in report.skipped] == ["a-1"]
    assert report.redriven == 120


@simulated
async def test_outage_ends_the_run() -> None:
    """An endpoint that is away for as long as one letter's tries take ends the run; few requests go out meanwhile."""
    scene = Scene({chr(ord("a") + at): 50 for at in range(26)}, lambda _: AWAY)
    started = scene.clock.monotonic()
    report = await scene.run()
    assert 511 <= scene.clock.monotonic() - started <= 900
    assert report.stopped == "the endpoint accepts nothing (connect: refused)"
    assert (report.redriven, report.untouched) == (0, 26 * 50)
    assert len(scene.sent) < 100


@simulated
async def test_short_outage_costs_nothing() -> None:
    """An endpoint that comes back gets everything, in order."""
    scene = Scene({"a": 5, "b": 5}, lambda _: OK)
    back = scene.clock.monotonic() + 60
    scene.answer = lambda _: OK if scene.clock.monotonic() >= back else AWAY
    report = await scene.run()
    assert report.is_complete
    assert list(dict.fromkeys(scene.of("a"))) == [f"a-{number}" for number in range(5)]


@simulated
async def test_retry_after_longer_than_patience_ends_the_run() -> None:
    """An endpoint that asks for an hour is left alone at once, and nothing counts as failed."""
    scene = Scene({"a": 1, "b": 1}, lambda _: Answer(429, "3600"))
    started = scene.clock.monotonic()
    report = await scene.run()
    assert scene.clock.monotonic() - started < 1
    assert (report.untouched, report.stopped) == (2, "the endpoint accepts nothing (status 429)")


@simulated
async def test_stop_lets_what_is_in_flight_end() -> None:
    """After a stop nothing new starts; what was under way is delivered and closed."""
    scene = Scene({"a": 50, "b": 50}, lambda _: OK)
    asyncio.get_running_loop().call_later(1.05, scene.stop.set)
    report = await scene.run()
    assert sorted(scene.closed) == sorted(name for _, name in scene.sent)
    assert report.redriven == len(scene.sent)
    assert report.untouched == 100 - report.redriven > 0
    assert report.stopped == "the run was stopped"


@simulated
async def test_closing_refused_ends_the_run() -> None:
    """Where letters cannot be closed, no more are sent; those delivered are named, as they would be sent again."""
    scene = Scene({"a": 50, "b": 50, "c": 50}, lambda _: OK)
    scene.close_fault = KafkaRefusedError("writing to Kafka: not allowed")
    with pytest.raises(KafkaRefusedError, match="not allowed"):
        await scene.run()
    report = scene.redrive.report
    assert {"a-0", "b-0", "c-0"} == {letter.name for letter in report.unclosed} == {name for _, name in scene.sent}
    assert (report.redriven, report.untouched) == (0, 147)


@simulated
async def test_few_are_delivered_while_closings_hang() -> None:
    """While Kafka takes no closings, at most twice `concurrency` letters are sent: so many a kill would repeat."""
    scene = Scene({chr(ord("A") + at): 3 for at in range(40)}, lambda _: OK, concurrency=4)
    scene.close_seconds = 10_000.0
    asyncio.get_running_loop().call_later(60.0, scene.stop.set)
    report = await scene.run()
    assert len(scene.sent) == 8
    assert {letter.name for letter in report.unclosed} == {name for _, name in scene.sent}
    assert report.untouched == 112


@simulated
async def test_letter_that_is_gone() -> None:
    """A letter that the topic lost since it was listed is named; those before it are delivered, those behind wait."""
    scene = Scene({"a": 4}, lambda _: OK)
    del scene.topic[2]
    report = await scene.run()
    assert scene.of("a") == ["a-0", "a-1"]
    assert [("a-2", "the letter is no longer in the topic")] == [(letter.name, why) for letter, why in report.failed]
    assert [letter.name for letter, _ in report.skipped] == ["a-3"]


@simulated
async def test_unsendable_stays_open() -> None:
    """A letter of which no request can be made fails again, and is not tried twice."""

    def answer(name: str) -> Result:
        if name == "a-0":
            raise UnsendableError("its label does not fit into a header")
        return OK

    scene = Scene({"a": 1, "b": 1}, answer)
    report = await scene.run()
    assert ["unsendable: its label does not fit into a header"] == [why for _, why in report.failed]
    assert report.redriven == 1


@simulated
async def test_a_stop_has_one_deadline() -> None:
    """A closing that is never answered has the drain and two seconds; its letter stays open, and is named."""
    scene = Scene({"a": 3}, lambda _: OK)
    scene.close_seconds = 1e9
    running = asyncio.create_task(scene.run())
    await asyncio.sleep(5.0)
    began = scene.clock.monotonic()
    scene.stop.set()
    report = await running
    assert scene.clock.monotonic() - began == pytest.approx(12.0, abs=0.01)
    assert ["a-0"] == [letter.event_id for letter in report.unclosed]
    assert "the run was stopped" == report.stopped
