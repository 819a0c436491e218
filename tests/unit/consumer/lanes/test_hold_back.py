"""Holding back by `delay`: for every order of arrivals and whatever clocks say, never too early and never for long."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.lanes.hold_back import HoldBack
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record
from tests.kit.hold_back_mutants import MUTANTS

DELAY_S: Final = 5.0
EPOCH: Final = 1_900_000_000.0
ROUNDED_S: Final = 0.002
"""Stamps are whole milliseconds."""
FAR: Final = 1_000_000.0
NO_TIME: Final = -1
Arrival = tuple[float, float, float | None]
"""Seconds since the arrival before, seconds from acceptance to arrival, and by how much the intake's clock is ahead;
None: the record has no time."""
ARRIVALS: Final = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.001, 0.7, 3.0, 20.0]),
        st.sampled_from([0.0, 0.01, 4.0, 60.0]),
        st.sampled_from([0.0, 0.0, 0.0, 2.0, FAR, None]),
    ),
    min_size=1,
    max_size=12,
)
CORNERS: Final[list[list[Arrival]]] = [
    [(0.0, 60.0, 0.0)],
    [(0.0, 0.0, FAR)] * 6,
    [(0.0, 0.0, None)],
    [(0.0, 0.0, 0.0), (3.0, 0.0, FAR), (0.0, 0.0, 0.0)],
]


def judge(arrivals: list[Arrival], hold_back: HoldBack) -> None:
    """Let these arrive, look at each moment at which something may happen, and check when each is let in."""
    partition = Partition(0, 1, Ledger(0, None, end=0))
    now, accepted, arrived, let_in = 0.0, [], [], []
    for pause, on_its_way, ahead in arrivals:
        let_in += _let_in(partition, hold_back, now, now + pause)
        now += pause
        accepted.append(now - on_its_way)
        arrived.append(now)
        stamp = NO_TIME if ahead is None else int((EPOCH + now - on_its_way + ahead) * 1000)
        partition.backlog.append(Record("t", 0, len(arrived) - 1, stamp, None, None))
    let_in += _let_in(partition, hold_back, now, now + FAR / 2)
    assert len(let_in) == len(arrivals), "it is held back for ever"
    for at, known in enumerate(zip(accepted, arrived, let_in, strict=True)):
        then, came, left = known
        assert left >= then + DELAY_S - ROUNDED_S, "it comes too early"
        assert left <= max(came, *arrived[: at + 1]) + 2 * DELAY_S + ROUNDED_S, "it is held back for too long"
        if all(ahead == 0.0 for _, _, ahead in arrivals[: at + 1]):
            due = max(came, *(one + DELAY_S for one in accepted[: at + 1]))
            assert left <= due + ROUNDED_S, "it is old enough, and held back"


def judge_corners(kind: type[HoldBack]) -> None:
    """Each of them, with a kind of holding back."""
    for arrivals in CORNERS:
        judge(arrivals, kind(DELAY_S))


def _let_in(partition: Partition, hold_back: HoldBack, now: float, until: float) -> list[float]:
    """When each of the records leaves the backlog that does so before `until`."""
    found = []
    while partition.backlog:
        if not hold_back.holds(partition, now, EPOCH + now):
            partition.backlog.popleft()
            found.append(now)
        elif (due := hold_back.next_due([partition], now)) is None or due > until:
            break
        else:
            assert due > now
            now = due
    return found


@given(ARRIVALS)
def test_never_too_early_and_never_for_long(arrivals: list[Arrival]) -> None:
    """Not before the delay since acceptance; not after it but behind others; and at most twice that after arrival."""
    judge(arrivals, HoldBack(DELAY_S))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_faults_are_found(mutant: type[HoldBack]) -> None:
    """Each of the faults that would be easy to write breaks one of these rules."""
    with pytest.raises(AssertionError):
        judge_corners(mutant)


def test_the_corners_hold() -> None:
    """What finds the faults finds none in what is used."""
    judge_corners(HoldBack)


def test_without_a_delay_nothing_is_held_back() -> None:
    """Whatever its time is, and nothing is noted."""
    partition = Partition(0, 1, Ledger(0, None, end=0))
    partition.backlog.append(Record("t", 0, 0, 2**60, None, None))
    hold_back = HoldBack(0.0)
    assert not hold_back.holds(partition, 0.0, EPOCH)
    assert hold_back.next_due([partition], 0.0) is None
    assert not partition.is_held(0.0)
