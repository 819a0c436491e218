"""When offsets are committed: at most three widths of events repeat after a crash, and failures are not hammered at."""

from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from consumer.offsets.commit_policy import ANSWER_LIMIT_S, TICK_S, CommitPolicy
from tests.kit.examples import examples


def test_commits_when_a_width_is_uncommitted() -> None:
    """A commit is due as soon as `width` attempted events are uncommitted."""
    cadence = CommitPolicy(3)
    cadence.nothing_to_commit(0.0)
    cadence.finished(2)
    assert not cadence.is_due(0.5)
    cadence.finished()
    assert cadence.is_due(0.5)


def test_commits_when_a_second_has_passed() -> None:
    """A single finished event is committed within a second of the last commit."""
    cadence = CommitPolicy(100)
    cadence.started(10.0)
    cadence.ended(succeeded=True, now=10.1)
    cadence.finished()
    assert not cadence.is_due(10.9)
    assert cadence.is_due(10.0 + TICK_S)
    assert cadence.next_tick == 10.0 + TICK_S


def test_nothing_starts_while_twice_the_width_is_uncommitted() -> None:
    """Events in flight and uncommitted ones together hold attempts back; a successful commit lets them go on."""
    cadence = CommitPolicy(4)
    cadence.finished(5)
    assert cadence.may_attempt(2)
    assert not cadence.may_attempt(3)
    cadence.started(0.0)
    cadence.finished(1)
    assert not cadence.may_attempt(2)
    cadence.ended(succeeded=True, now=0.1)
    assert cadence.uncommitted == 1
    assert cadence.may_attempt(6)


def test_one_commit_at_a_time() -> None:
    """While a commit is under way none is due, however much is finished; its overdue answer is the next moment."""
    cadence = CommitPolicy(1)
    cadence.started(0.0)
    cadence.finished(10)
    assert not cadence.is_due(100.0)
    assert ANSWER_LIMIT_S == cadence.next_tick
    assert not cadence.is_overdue(ANSWER_LIMIT_S - 0.1)
    assert cadence.is_overdue(ANSWER_LIMIT_S)
    cadence.ended(succeeded=False, now=ANSWER_LIMIT_S)
    assert not cadence.is_overdue(1e9)


@pytest.mark.parametrize("uncommitted", [0, 1, 1000])
def test_a_failed_commit_is_tried_again_at_the_next_tick(uncommitted: int) -> None:
    """Even with a width uncommitted a failure is not followed by the next try at once."""
    cadence = CommitPolicy(1)
    cadence.finished(uncommitted)
    cadence.started(0.0)
    cadence.ended(succeeded=False, now=5.0)
    assert uncommitted == cadence.uncommitted
    assert not cadence.is_due(5.0)
    assert not cadence.is_due(5.0 + TICK_S / 2)
    assert cadence.next_tick == 5.0 + TICK_S
    assert cadence.is_due(5.0 + TICK_S)


def test_nothing_to_commit_clears_the_count() -> None:
    """Where all snapshots are committed already, nothing would repeat."""
    cadence = CommitPolicy(2)
    cadence.finished(2)
    cadence.nothing_to_commit(3.0)
    assert cadence.uncommitted == 0
    assert not cadence.is_due(3.5)
    assert cadence.is_due(3.0 + TICK_S)


@dataclass
class Worker:
    """Attempts events as the dispatcher does, and counts what a crash would repeat."""

    concurrency: int
    max_events: int
    cadence: CommitPolicy = field(init=False)
    now: float = 0.0
    flights: list[int] = field(default_factory=list)
    repeats: int = 0
    """Delivered, and not in a commit that succeeded."""
    covered: int = 0

    def __post_init__(self) -> None:
        self.cadence = self.make(self.concurrency * self.max_events)

    def make(self, width: int) -> CommitPolicy:
        """The cadence; mutants make another."""
        return CommitPolicy(width)

    def step(self, what: int, size: int) -> None:
        """One of the things that can happen."""
        if what <= 2:
            while len(self.flights) < self.concurrency and self.cadence.may_attempt(sum(self.flights)):
                self.flights.append(min(size, self.max_events))
        elif what <= 4 and self.flights:
            events = self.flights.pop(size % len(self.flights))
            self.repeats += events
            for _ in range(events):
                self.cadence.finished()
        elif what == 5 and self.flights:  # it failed and waits
            self.flights.pop(size % len(self.flights))
        elif what == 6 and self.cadence.is_due(self.now):
            self.covered = self.repeats
            if self.repeats:
                self.cadence.started(self.now)
            else:
                self.cadence.nothing_to_commit(self.now)
        elif what in {7, 8} and self.cadence.under_way:
            self.repeats -= self.covered if what == 7 else 0
            self.cadence.ended(succeeded=what == 7, now=self.now)
        self.now += 0.05 * (what == 9)
        assert self.repeats + sum(self.flights) <= 3 * self.concurrency * self.max_events, "more than three widths"
        assert self.cadence.uncommitted >= self.repeats, "the count forgot an event"

    def settle(self) -> None:
        """From now on commits succeed: attempts go on."""
        self.flights.clear()
        if self.cadence.under_way:
            self.step(7, 0)
        self.now += TICK_S
        self.step(6, 0)
        if self.cadence.under_way:
            self.step(7, 0)
        assert self.cadence.may_attempt(0), "nothing may be attempted any more"


_STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 20)), max_size=60)


@given(st.integers(1, 5), st.integers(1, 5), _STEPS)
@settings(max_examples=examples(3000, suite=500), deadline=None)
def test_at_most_three_widths_repeat(concurrency: int, max_events: int, steps: list[tuple[int, int]]) -> None:
    """Whatever happens, what was sent and is not committed is at most 3 x concurrency x max_events events."""
    worker = Worker(concurrency, max_events)
    for what, size in steps:
        worker.step(what, size)
    worker.settle()


class HoldsNothingBack(CommitPolicy):
    """Lets attempts start however much is uncommitted."""

    def may_attempt(self, in_flight: int) -> bool:
        """Whether another attempt keeps the promise."""
        del in_flight
        return True


class CoversWhatCameLater(CommitPolicy):
    """Takes all that is finished when the answer comes for committed."""

    def ended(self, *, succeeded: bool, now: float) -> None:
        """The answer came."""
        self._covered = self._uncommitted
        super().ended(succeeded=succeeded, now=now)


class TakesFailuresForSuccess(CommitPolicy):
    """Does not look at the answer."""

    def ended(self, *, succeeded: bool, now: float) -> None:
        """The answer came."""
        del succeeded
        super().ended(succeeded=True, now=now)


class NeverEnds(CommitPolicy):
    """Forgets that a commit ended."""

    def ended(self, *, succeeded: bool, now: float) -> None:
        """The answer came."""


@pytest.mark.parametrize(
    ("cadence", "breaks"),
    [
        (HoldsNothingBack, "more than three widths"),
        (CoversWhatCameLater, "the count forgot"),
        (TakesFailuresForSuccess, "the count forgot"),
        (NeverEnds, "more than three|nothing may be attempted"),
    ],
)
def test_a_faulty_cadence_is_found(cadence: type[CommitPolicy], breaks: str) -> None:
    """The worker above finds a cadence that breaks the promise."""

    class Mutated(Worker):
        def make(self, width: int) -> CommitPolicy:
            """The faulty one."""
            return cadence(width)

    @given(st.integers(1, 3), st.integers(1, 3), _STEPS)
    @settings(max_examples=1000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    def run(concurrency: int, max_events: int, steps: list[tuple[int, int]]) -> None:
        worker = Mutated(concurrency, max_events)
        for what, size in steps:
            worker.step(what, size)
        worker.settle()

    with pytest.raises(AssertionError, match=breaks):
        run()
