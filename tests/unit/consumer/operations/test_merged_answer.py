"""Several workers of one endpoint give one answer: whatever holds one of them back is in it."""

from consumer.endpoint.live_status import EndpointAnswer
from consumer.operations.merged_answer import merged_answer
from runtime.kafka.cluster_state import Committed
from runtime.pauses import Pause

ONE = EndpointAnswer("closed", ("a", "b"), (0, 1), "g.ci", {0: Committed(5), 1: Committed(7)}, 2, 64, members=("m1",))
TWO = EndpointAnswer("open", ("b", "c"), (2,), "g.ci", {2: Committed(9), 1: Committed(6)}, 1, 1, members=("m2",))


def test_nobody_and_one() -> None:
    """Of nobody nothing is known; one is as it is."""
    assert None is merged_answer({})
    assert ONE is merged_answer({"a:1": ONE})


def test_two_that_differ() -> None:
    """An open breaker anywhere is open; requests are added up; what not all say is said by name."""
    found = merged_answer({"a:1": ONE, "b:1": TWO})
    assert found is not None
    assert ("open", (0, 1, 2), "g.ci", 3, 65) == (
        found.breaker,
        found.partitions,
        found.group,
        found.in_flight,
        found.limit,
    )
    assert ("b", "worker a:1: a", "worker b:1: c") == found.waits_because
    assert {0: Committed(5), 1: Committed(7), 2: Committed(9)} == found.cursors
    assert ("m1", "m2") == found.members


def test_rates_are_known_of_all_or_not_at_all() -> None:
    """A worker without partitions has none to add."""
    fast = EndpointAnswer(partitions=(0,), finished_per_s=3.0, arrived_per_s=1.0)
    slow = EndpointAnswer(partitions=(1,), finished_per_s=0.5, arrived_per_s=0.25)
    found = merged_answer({"a": fast, "b": slow, "c": EndpointAnswer()})
    assert found is not None
    assert (3.5, 1.25) == (found.finished_per_s, found.arrived_per_s)
    young = merged_answer({"a": fast, "b": EndpointAnswer(partitions=(1,))})
    assert young is not None
    assert None is young.finished_per_s is young.arrived_per_s


def test_a_pause_anywhere_is_one() -> None:
    """A worker that has not looked yet follows."""
    held = EndpointAnswer(paused=Pause(7))
    found = merged_answer({"a": EndpointAnswer(), "b": held})
    assert found is not None
    assert Pause(7) == found.paused
