"""The lock in a bucket: one at a time, taken over when it shows no sign of life, safe whatever answers are lost."""

import pytest

from consumer.analytics.files import FailedWriteError, OutputError
from consumer.analytics.objects.bucket import Version
from consumer.analytics.objects.lease import LOCK, ConditionalObjects, Lease, LeaseTerms
from tests.kit.still_clock import StillClock
from tests.kit.unreliable_objects import UnreliableObjects


class LivelyClock(StillClock):
    """While a run waits, another renews its lease."""

    def __init__(self, other: Lease) -> None:
        super().__init__()
        self._other = other

    def sleep(self, seconds: float) -> None:
        """Moves on; the other shows itself."""
        super().sleep(seconds)
        self._other.renew()


def lease(objects: ConditionalObjects, holder: str, clock: StillClock | None = None) -> Lease:
    """A lease of 30 s."""
    return Lease(objects, LeaseTerms("--output s3://lake", holder, clock or StillClock(), 30.0))


def taken(objects: ConditionalObjects, holder: str, waits: list[tuple[str, float]] | None = None) -> Lease:
    """The lease, acquired."""
    one = lease(objects, holder)
    one.acquire(lambda *wait: (waits if waits is not None else []).append(wait))
    return one


def well() -> UnreliableObjects:
    """Objects without faults."""
    return UnreliableObjects(lambda: 0)


def test_a_live_run_keeps_others_out() -> None:
    """The one that comes second is told whose the lock is."""
    objects = well()
    first = taken(objects, "host-a, process 7")
    with pytest.raises(OutputError, match=r"another export is writing there \(host-a, process 7\)"):
        lease(objects, "host-b", LivelyClock(first)).acquire(lambda *_: None)


def test_a_dead_run_is_followed_after_its_lease() -> None:
    """Whoever waits is told for how long, and gets what the dead one announced; the dead one can do nothing more."""
    objects, waits = well(), list[tuple[str, float]]()
    first = taken(objects, "host-a")
    first.announce("a")
    first.announce("b")
    first.settle("a")
    second = taken(objects, "host-b", waits)
    assert [("host-a", 30.0)] == waits
    assert ("a", "b") == second.inherited
    for act in (first.renew, lambda: first.announce("c"), first.release):
        with pytest.raises(FailedWriteError, match="another export took over"):
            act()


def test_a_lock_that_was_given_back_is_free() -> None:
    """At once; what was not settled stays announced, from run to run."""
    objects, waits = well(), list[tuple[str, float]]()
    first = taken(objects, "host-a")
    first.announce("a")
    first.settle("a")
    first.announce("b")
    first.release()
    second = taken(objects, "host-b", waits)
    second.release()
    third = taken(objects, "host-c", waits)
    assert ([], ("b",), ("b",)) == (waits, second.inherited, third.inherited)
    for act in (first.renew, lambda: first.announce("c")):
        with pytest.raises(FailedWriteError, match="this run has ended"):
            act()


def test_a_lost_answer_loses_no_lock() -> None:
    """A change that came through and was then refused, because it had come through, is the run's own."""
    objects = UnreliableObjects(lambda: 1)
    one = taken(objects, "host-a")
    one.announce("a")
    one.renew()
    assert ("a",) == taken(well_of(objects), "host-b").inherited


def well_of(objects: UnreliableObjects) -> UnreliableObjects:
    """The same objects without faults."""
    objects.fate = lambda: 0
    return objects


def test_another_object_is_no_lock() -> None:
    """It is named, and left as it is."""
    objects = well()
    objects.create(LOCK, b"shopping list")
    with pytest.raises(OutputError, match=r"\.export\.lock is not the lock of an export"):
        taken(objects, "host-a")


class Unconditional(UnreliableObjects):
    """A store that takes any change."""

    def replace(self, path: str, content: bytes, version: Version) -> Version:
        """Whatever the version."""
        found = self.read(path)
        assert found is not None
        return super().replace(path, content, found[1])


def test_a_store_that_ignores_conditions_is_refused() -> None:
    """Before anything is exported."""
    with pytest.raises(OutputError, match="the store ignores conditions"):
        taken(Unconditional(lambda: 0), "host-a")
