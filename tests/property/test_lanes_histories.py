"""Lanes through every kind of history: order and one request at a time in each repository, nothing stuck, no drift."""

import itertools
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from consumer.lanes.lanes import Lanes
from tests.kit.examples import examples, several
from tests.kit.lanes_mutants import MUTANTS, LanesMutant
from tests.kit.model_lanes import LanesModel, Shape

_ANY = st.integers(0, 30)
_SECONDS = st.sampled_from([0.0, 0.5, 1.0, 4.0])
_RECORDS = several(
    list(
        itertools.product(
            [0, 1],
            [b"library/a", b"library/a", b"library/b", b"c", b"", None],
            [0, 0, 100, 2000],
            [0, 0, 0, 1],
        )
    ),
    min_size=1,
    max_size=6,
)
_SHAPES = st.builds(
    Shape,
    ordered=st.sampled_from([True, True, True, False]),
    max_events=st.sampled_from([1, 2, 4, 8]),
    max_bytes=st.sampled_from([8 * 1024 * 1024, 8 * 1024 * 1024, 1000]),
    linger_s=st.sampled_from([0.0, 0.0, 1.0]),
)


class LanesHistory(RuleBasedStateMachine):
    """What a dispatcher may do with lanes, in any order; at the end all is delivered."""

    make: ClassVar[Callable[..., Lanes]] = Lanes

    def __init__(self) -> None:
        super().__init__()
        self.model = LanesModel(Shape())

    @initialize(shape=_SHAPES, records=_RECORDS)
    def begin(self, shape: Shape, records: list[tuple[int, bytes | None, int, int]]) -> None:
        """The endpoint's settings, and what is there at first."""
        self.model = LanesModel(shape, type(self).make)
        self._add(records)

    @rule(records=_RECORDS)
    def admit(self, records: list[tuple[int, bytes | None, int, int]]) -> None:
        """Records come."""
        self._add(records)

    @rule(times=st.integers(1, 4), seconds=_SECONDS, fresh_only=st.sampled_from([False, False, True]))
    def start(self, times: int, seconds: float, fresh_only: bool) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """Time passes, and some requests start; perhaps the breaker is open to what was not refused."""
        self.model.now += seconds
        for _ in range(times):
            self.model.start(fresh_only=fresh_only)

    @rule(seconds=_SECONDS, refused_only=st.booleans())
    def probe(self, seconds: float, refused_only: bool) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """The breaker is open, and a probe goes out."""
        self.model.now += seconds
        self.model.probe(refused_only=refused_only)

    @rule(which=_ANY, delivered=st.booleans())
    def finish(self, which: int, delivered: bool) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """A request is answered well, or its event is given up."""
        self.model.finish(which, delivered=delivered)

    @rule(which=_ANY, seconds=_SECONDS)
    def refuse(self, which: int, seconds: float) -> None:
        """A request is rejected."""
        self.model.refuse(which, seconds)

    @rule(which=_ANY, seconds=_SECONDS)
    def wait(self, which: int, seconds: float) -> None:
        """A request fails, and is tried again later."""
        self.model.wait(which, seconds)

    @rule(which=_ANY, again=st.integers(0, 3))
    def split(self, which: int, again: int) -> None:
        """A batch is refused; perhaps its first half is, too, and half of that."""
        self.model.split(which)
        for _ in range(again):
            self.model.start()
            self.model.split(-1)

    @rule(which=_ANY)
    def put_back(self, which: int) -> None:
        """A request is broken off."""
        self.model.put_back(which)

    @rule(partition=st.integers(0, 1), broken_off=st.booleans())
    def remove(self, partition: int, broken_off: bool) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """A partition goes; its requests under way are perhaps broken off."""
        self.model.remove(partition)
        if broken_off:
            self.model.put_back(0)

    @rule()
    def hurry_all(self) -> None:
        """An operator knows that the endpoint is well again."""
        self.model.hurry()

    @rule(which=_ANY, seconds=_SECONDS)
    def hurry(self, which: int, seconds: float) -> None:
        """A window is full."""
        self.model.cap_wait(which, seconds)

    def teardown(self) -> None:
        """At the end all is delivered."""
        if not self.model.broken:
            self.model.settle()

    def _add(self, records: list[tuple[int, bytes | None, int, int]]) -> None:
        for partition, key, size, kind in records:
            self.model.add(partition, key, size, kind)


_SETTINGS = settings(
    max_examples=examples(3500, suite=300),
    stateful_step_count=14,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestLanesHistory = pytest.mark.timeout(600)(LanesHistory.TestCase)
TestLanesHistory.settings = _SETTINGS


def _the_repository_between_halves_goes(model: LanesModel) -> None:
    """Found by chance: halves that shared a repository, whose partition was revoked, still waited for each other."""
    for partition, key in ((0, b"a"), (1, b"b"), (1, b"b"), (0, b"b")):
        model.add(partition, key, 0, 0)
    model.start()
    model.split(0)
    model.remove(1)
    model.start()
    model.start()
    assert 2 == len(model.under_way)


def _a_half_of_one_repository_is_halved(model: LanesModel) -> None:
    for _ in range(4):
        model.add(0, b"a", 0, 0)
    model.start()
    model.split(0)
    model.start()
    model.split(0)


def _what_stands_behind_a_request_goes_with_its_partition(model: LanesModel) -> None:
    for _ in range(4):
        model.add(0, b"a", 0, 0)
    model.start()
    model.split(0)
    model.start()
    model.remove(0)


def _a_refused_repository_is_ready_beside_another(model: LanesModel) -> None:
    for key, kind in ((b"a", 0), (b"a", 1)):
        model.add(0, key, 0, kind)
    model.start()
    model.refuse(0, 0.0)
    model.start()
    model.finish(0, delivered=False)
    model.add(0, b"b", 0, 1)
    model.start(fresh_only=True)
    model.start(fresh_only=True)
    model.probe(refused_only=True)


def _a_repository_that_was_served_goes_on_while_others_are_refused(model: LanesModel) -> None:
    for kind in (0, 1):
        model.add(0, b"a", 0, kind)
    model.start()
    model.finish(0)
    model.start(fresh_only=True)


HISTORIES = [
    _the_repository_between_halves_goes,
    _a_half_of_one_repository_is_halved,
    _what_stands_behind_a_request_goes_with_its_partition,
    _a_refused_repository_is_ready_beside_another,
    _a_repository_that_was_served_goes_on_while_others_are_refused,
]
"""Histories worth telling: found by chance once, or seldom come to by chance."""


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__.strip("_"))
def test_a_known_history(history: Callable[[LanesModel], None]) -> None:
    """It goes as any other, and at the end all is delivered."""
    _tell(history, Lanes)


def _tell(history: Callable[[LanesModel], None], make: Callable[..., Lanes]) -> None:
    model = LanesModel(Shape(max_events=4), make)
    history(model)
    model.settle()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.lanes.__name__)
def test_each_fault_is_found(mutant: LanesMutant) -> None:
    """Lanes with a fault are found out, by the claim that the fault breaks."""
    with pytest.raises(AssertionError, match=f"^({mutant.breaks})"):
        _tell_all(mutant.lanes)


def _tell_all(lanes: type[Lanes]) -> None:
    class Mutated(LanesHistory):
        make = lanes

    for history in HISTORIES:
        _tell(history, lanes)
    quick = settings(_SETTINGS, max_examples=3000, derandomize=True, phases=[Phase.generate])
    run_state_machine_as_test(Mutated, settings=quick)
