"""Repeats by `dedupe`: what is news is never left out, and when a repeat may be sent all the same."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.lanes.delivery import Delivery, Lane
from consumer.lanes.repeats import MOST, Repeats, earlier_of
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.event import Event, Target
from tests.kit.repeats_mutants import MUTANTS

DEDUPE_S: Final = 10.0
MADE: Final = "sha256-0123"


def event(action: str, tag: str = "", digest: str = "", event_id: str = "", time: str = "") -> Event:
    """One of a repository."""
    return Event(id=event_id, timestamp=time, action=action, target=Target(repository="a", tag=tag, digest=digest))


@dataclass
class Come:
    """An event comes, or a record that nobody can read; its bridge says that it came so many seconds after the last."""

    event: Event | None
    after_s: float = 0.0


@dataclass
class Go:
    """The first event that waits has its turn, so many seconds after what was before."""

    after_s: float = 0.0
    arrives: bool = True


class Leave:
    """The partition goes to another worker, and comes back."""


Step = Come | Go | Leave


@dataclass
class Known:
    """An event, as the one who judges knows it."""

    event: Event | None
    accepted: float
    life: int
    delivered_at: float | None = None

    @property
    def names_itself(self) -> bool:
        """Whether its id tells it from any other."""
        assert self.event is not None
        made = self.event.id.startswith(MADE[:7])
        return bool(self.event.id) and not (made and not self.event.timestamp)

    @property
    def content(self) -> tuple[str, str, str]:
        """By which it is the same as another."""
        assert self.event is not None
        return self.event.action, self.event.target.tag, self.event.target.digest


@dataclass
class History:
    """What came, and what was sent of it."""

    repeats: Repeats
    known: list[Known] = field(default_factory=list)
    waiting: deque[tuple[int, Delivery]] = field(default_factory=deque)
    now: float = 100.0
    accepted: float = 0.0
    life: int = 0
    partition: Partition = field(default_factory=lambda: Partition(0, 1, Ledger(0, None, end=0)))

    def live(self, steps: Sequence[Step]) -> "History":
        """Take these steps, then send all that waits."""
        for step in steps:
            self._take(step)
        while self.waiting:
            self._send(arrives=True)
        return self

    def _take(self, step: Step) -> None:
        match step:
            case Come():
                self._come(step)
            case Go():
                self.now += step.after_s
                if self.waiting:
                    self._send(arrives=step.arrives)
            case Leave():
                self.waiting.clear()
                self.life += 1
                self.partition = Partition(0, 1, Ledger(0, None, end=0))

    def _come(self, step: Come) -> None:
        self.accepted += step.after_s
        record = Record("t", 0, len(self.known), int(self.accepted * 1000), b"a", None)
        delivery = Delivery(record, None, Lane((0, b"a")), self.now, self.partition)
        self.repeats.note(delivery, step.event)
        self.known.append(Known(step.event, self.accepted, self.life))
        self.waiting.append((len(self.known) - 1, delivery))

    def _send(self, *, arrives: bool) -> None:
        at, delivery = self.waiting.popleft()
        told = earlier_of(delivery, self.now)
        if told is not None:
            assert told.place in {f"0:{one}" for one in self._earlier(at)}, f"{at} is news: {self.known[at]}"
            return
        groups = (self._same_id(at), self._same_content(at))
        for last in (max((one for one in group if self._is_delivered(one)), default=None) for group in groups):
            assert last is None or not self._is_late(last, at), f"{at} repeats {last}: {self.known[at]}"
        if arrives:
            self.known[at].delivered_at = self.now
            for one in delivery.same:
                one.delivered(delivery.record, self.now)

    def _earlier(self, at: int) -> set[int]:
        """Those that this one may be left out for."""
        found = self._same_id(at) | self._same_content(at)
        return {one for one in found if self._is_delivered(one) and self._is_late(one, at)}

    def _is_delivered(self, one: int) -> bool:
        return self.known[one].delivered_at is not None

    def _is_late(self, one: int, at: int) -> bool:
        """Whether it came so late after the other that the endpoint was told the same of late."""
        delivered_at = self.known[one].delivered_at
        assert delivered_at is not None
        by_acceptance = self.known[at].accepted - self.known[one].accepted
        return self.now - delivered_at <= DEDUPE_S and by_acceptance <= DEDUPE_S

    def _before(self, at: int) -> list[int]:
        """Those before it of which it is known what came between."""
        found: list[int] = []
        for one in reversed(range(at)):
            known = self.known[one]
            if known.event is None or known.life != self.known[at].life:
                break
            found.append(one)
            if known.event.action != "pull" and not (known.event.target.tag or known.event.target.digest):
                break
        return found if self.known[at].event is not None else []

    def _same_id(self, at: int) -> set[int]:
        mine = self.known[at]
        return {
            one
            for one in self._before(at)
            if mine.names_itself and self.known[one].event.id == mine.event.id and self.known[one].names_itself  # type: ignore[union-attr]
        }

    def _same_content(self, at: int) -> set[int]:
        mine, found = self.known[at], set()
        for one in self._before(at):
            other = self.known[one]
            if other.content == mine.content and _says_what_it_is(mine):
                found.add(one)
            elif _is_about_the_same(mine, other):
                break
        return found


def _says_what_it_is(known: Known) -> bool:
    action, tag, digest = known.content
    return action == "pull" or bool(digest) or (action == "delete" and bool(tag))


def _is_about_the_same(mine: Known, other: Known) -> bool:
    """Whether the other is something else that happened to the tag or the digest."""
    (action, tag, digest), (others_action, others_tag, others_digest) = mine.content, other.content
    if "pull" in {action, others_action}:
        return False
    if not (others_tag or others_digest):
        return True
    return (bool(tag) and tag == others_tag) or (bool(digest) and digest == others_digest and action != others_action)


A, B = "sha256:a", "sha256:b"
PUSH_A, PUSH_B, DELETE_A = event("push", "v1", A), event("push", "v1", B), event("delete", "", A)
TWICE: Final[list[Step]] = [Come(PUSH_A), Go(), Come(PUSH_A), Go()]
CORNERS: Final[list[list[Step]]] = [
    TWICE,
    [Come(PUSH_A), Go(), Come(PUSH_B), Go(), Come(PUSH_A), Go()],
    [Come(PUSH_A), Go(), Come(DELETE_A), Go(), Come(event("push", "v2", A)), Go(), Come(PUSH_A), Go()],
    [Come(event("push", "v1")), Go(), Come(event("push", "v1")), Go()],
    [Come(event("push", "v1", "", MADE)), Go(), Come(event("push", "v1", "", MADE)), Go()],
    [Come(PUSH_A), Go(arrives=False), Come(PUSH_A), Go()],
    [Come(PUSH_A), Go(), Leave(), Come(PUSH_A), Go()],
    [Come(PUSH_A), Go(), Come(None), Go(), Come(PUSH_A), Go()],
    [Come(PUSH_A), Go(), Come(event("delete")), Go(), Come(PUSH_A), Go()],
    [Come(PUSH_A), Go(), Come(PUSH_A, DEDUPE_S + 1), Go()],
    [Come(PUSH_A), Go(), Come(PUSH_A), Go(DEDUPE_S + 1)],
    [*TWICE, Come(event("pull", "v1", A)), Go(), Come(event("pull", "v1", A)), Go()],
]
EVENTS: Final = st.builds(
    event,
    st.sampled_from(["push", "push", "push", "delete", "pull", "scan"]),
    st.sampled_from(["v1", "v1", "v2", ""]),
    st.sampled_from([A, A, B, ""]),
    st.sampled_from(["", "", "1", "2", MADE]),
    st.sampled_from(["", "2026-03-01T12:00:00Z"]),
)
SECONDS: Final = st.sampled_from([0.0, 0.0, 1.0, 6.0, 11.0])
STEPS: Final = st.lists(
    st.one_of(
        st.builds(Come, EVENTS, SECONDS),
        st.builds(Come, EVENTS, SECONDS),
        st.builds(Go, SECONDS, st.sampled_from([True, True, False])),
        st.builds(Go, SECONDS, st.sampled_from([True, True, False])),
        st.sampled_from([Come(None), Leave()]),
    ),
    max_size=30,
)


@given(STEPS)
def test_what_is_news_is_sent_and_what_is_not_is_left_out(steps: list[Step]) -> None:
    """Left out only if the same was delivered within the time; sent again only after an assignment, or the unknown.

    The same means the same id, or the same action, tag and digest with nothing else between that happened to them.
    """
    History(Repeats(DEDUPE_S)).live(steps)


def judge_corners(kind: type[Repeats]) -> None:
    """Live each of them, with a kind of finding repeats."""
    for steps in CORNERS:
        History(kind(DEDUPE_S)).live(steps)


def test_the_corners_hold() -> None:
    """What finds the faults finds none in what is used."""
    judge_corners(Repeats)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_faults_are_found(mutant: type[Repeats]) -> None:
    """Each of the faults that would be easy to write breaks one of these rules."""
    with pytest.raises(AssertionError):
        judge_corners(mutant)


def test_registries_and_repositories_are_told_apart() -> None:
    """The same tag elsewhere is another; an event without a repository is the same as none."""
    repeats, partition = Repeats(DEDUPE_S), Partition(0, 1, Ledger(0, None, end=0))
    found = []
    for repository, registry in (("a", ""), ("b", ""), ("a", "eu"), ("", ""), ("a", "")):
        delivery = Delivery(Record("t", 0, 0, 0, None, None), None, Lane((0, 0)), 0.0, partition)
        target = Target(repository=repository, tag="v1", digest=A)
        repeats.note(delivery, Event(id="1", action="push", target=target, registry=registry))
        found.append(delivery.same)
    assert found[0] == found[4]
    assert () == found[3]
    assert not set(found[0]) & {*found[1], *found[2]}


def test_what_is_remembered_is_bounded() -> None:
    """The event that was seen longest ago is forgotten, and then it is news; memory holds no more than so many."""
    repeats, partition = Repeats(DEDUPE_S), Partition(0, 1, Ledger(0, None, end=0))
    for number in (*range(MOST + 1), 0):
        delivery = Delivery(Record("t", 0, number, 0, None, None), None, Lane((0, 0)), 0.0, partition)
        repeats.note(delivery, event("push", f"v{number}", A, str(number)))
        assert earlier_of(delivery, 0.0) is None
        for told in delivery.same:
            told.delivered(delivery.record, 0.0)
    again = Delivery(Record("t", 0, 0, 0, None, None), None, Lane((0, 0)), 0.0, partition)
    repeats.note(again, event("push", f"v{MOST}", A, str(MOST)))
    assert earlier_of(again, 0.0) is not None


def test_off_by_default() -> None:
    """Without a time nothing is noted."""
    history = History(Repeats(0.0))
    history._come(Come(PUSH_A))
    assert () == history.waiting[0][1].same
