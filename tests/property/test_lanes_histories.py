"""Lanes through every kind of history: order and one request at a time in each repository, nothing stuck, no drift."""

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from consumer.lanes import Lanes
from tests.kit.lanes_mutants import MUTANTS, LanesMutant
from tests.kit.model_lanes import LanesModel, Shape

_ANY = st.integers(0, 30)
_SECONDS = st.sampled_from([0.0, 0.5, 1.0, 4.0])
_RECORDS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([b"library/a", b"library/a", b"library/b", b"c", b"", None]),
        st.sampled_from([0, 0, 100, 2000]),
        st.sampled_from([0, 0, 0, 1]),
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

    @rule(times=st.integers(1, 4), seconds=_SECONDS)
    def start(self, times: int, seconds: float) -> None:
        """Time passes, and some requests start."""
        self.model.now += seconds
        for _ in range(times):
            self.model.start()

    @rule(seconds=_SECONDS)
    def probe(self, seconds: float) -> None:
        """The breaker is open, and a probe goes out."""
        self.model.now += seconds
        self.model.probe()

    @rule(which=_ANY)
    def finish(self, which: int) -> None:
        """A request is answered well."""
        self.model.finish(which)

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

    @rule(which=_ANY, seconds=_SECONDS)
    def hurry(self, which: int, seconds: float) -> None:
        """A window is full."""
        self.model.hurry(which, seconds)

    def teardown(self) -> None:
        """At the end all is delivered."""
        if not self.model.broken:
            self.model.settle()

    def _add(self, records: list[tuple[int, bytes | None, int, int]]) -> None:
        for partition, key, size, kind in records:
            self.model.add(partition, key, size, kind)


_SETTINGS = settings(
    max_examples=3500,
    stateful_step_count=14,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestLanesHistory = LanesHistory.TestCase
TestLanesHistory.settings = _SETTINGS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.lanes.__name__)
def test_each_fault_is_found(mutant: LanesMutant) -> None:
    """Lanes with a fault are found out, by the claim that the fault breaks."""

    class Mutated(LanesHistory):
        make = mutant.lanes

    quick = settings(_SETTINGS, max_examples=3000, derandomize=True, phases=[Phase.generate])
    with pytest.raises(AssertionError, match=f"^({mutant.breaks})"):
        run_state_machine_as_test(Mutated, settings=quick)
