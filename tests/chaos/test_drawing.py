"""Schedules and loads: the same seed draws the same, and what is drawn can be carried out."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.chaos.drawing import GAP_S, PROFILES, draw
from tests.chaos.load import load_of
from tests.chaos.plan import GRACEFUL, OF_THREE_BROKERS, WORKERS, Kind
from tests.chaos.wiring import Wiring

SOME = range(400)


def test_a_seed_is_a_schedule() -> None:
    """And a load, byte for byte; another seed is another."""
    assert draw(7) == draw(7)
    assert load_of(draw(7)) == load_of(draw(7))
    assert draw(7) != draw(8)


def test_every_kind_of_fault_is_drawn() -> None:
    """In some hundred seeds."""
    assert set(Kind) == {fault.kind for seed in SOME for fault in draw(seed).faults}


def test_every_profile_is_drawn() -> None:
    """With its own faults only."""
    assert PROFILES.keys() == {draw(seed).profile for seed in SOME}
    graceful = [draw(seed) for seed in SOME if draw(seed).profile == "graceful"]
    assert set(GRACEFUL) == {fault.kind for schedule in graceful for fault in schedule.faults}


@pytest.mark.parametrize("seed", [0, 3, 11, 42])
def test_faults_stand_in_order(seed: int) -> None:
    """Of their times."""
    faults = draw(seed).faults
    assert all(one.at <= other.at for one, other in pairwise(faults))


def test_no_target_has_two_faults_at_once() -> None:
    """Nothing is frozen while it is down, nor killed while it is frozen."""
    for seed in SOME:
        faults = draw(seed).faults
        for one, other in ((one, other) for one in faults for other in faults if one is not other):
            if one.target and one.target == other.target and one.at <= other.at:
                assert other.at >= one.end + GAP_S, f"seed {seed}: {one} and {other}"


def test_faults_need_what_is_there() -> None:
    """Three brokers where they are needed, a broker that exists, a worker that was not there before."""
    for seed in SOME:
        schedule = draw(seed)
        for fault in schedule.faults:
            assert schedule.brokers == 3 or fault.kind not in OF_THREE_BROKERS
            if fault.kind is Kind.WORKER_ADDED:
                assert fault.target in set(WORKERS) - set(schedule.workers)
            if fault.target.startswith("b") and fault.target[1:].isdigit():
                assert int(fault.target[1:]) <= schedule.brokers


def test_one_worker_stays() -> None:
    """However many are removed."""
    for seed in SOME:
        schedule = draw(seed)
        removed = [fault for fault in schedule.faults if fault.kind is Kind.WORKER_REMOVED]
        assert len(removed) < len(schedule.workers)


def test_each_link_is_there() -> None:
    """Whatever a fault names, the wiring has."""
    wirings = {brokers: Wiring(brokers) for brokers in (1, 3)}
    for seed in SOME:
        schedule = draw(seed)
        for fault in schedule.faults:
            if fault.kind.value.startswith("link"):
                assert wirings[schedule.brokers].links(fault.target)


def test_a_load_numbers_each_repository() -> None:
    """From 0, without a gap, and some repositories get more than others."""
    for sent in load_of(draw(2)).values():
        events = [event for one in sent for event in one.events]
        of = Counter(event.repository for event in events)
        assert max(of.values()) > min(of.values())
        for repository, count in of.items():
            numbers = [event.number for event in events if event.repository == repository]
            assert numbers == list(range(count))
