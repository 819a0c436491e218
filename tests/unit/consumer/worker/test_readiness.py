"""What an endpoint's consumer is judged by, and when."""

from dataclasses import replace

from hypothesis import given
from hypothesis.strategies import booleans, builds, integers, just, lists, sampled_from, tuples

from consumer.worker.readiness import PATIENCE_S, STALL_S, EndpointSnapshot, NotReadyKind, Readiness

MEMBER = EndpointSnapshot()
WAITS = EndpointSnapshot(lag=7, finished=1)
OUT = EndpointSnapshot(consumer_fault="has not joined its group yet")


def kinds(readiness: Readiness, seen: EndpointSnapshot, now: float) -> list[NotReadyKind]:
    """What it is judged to be."""
    return [reason.kind for reason in readiness.look(seen, now)]


def test_a_worker_without_partitions_is_ready() -> None:
    """Its group has admitted it, and that is all."""
    assert [] == kinds(Readiness("ci"), MEMBER, 0.0)


def test_joining_is_no_fault_for_a_moment_and_then_it_is_one() -> None:
    """Never ready before it is a member; a fault to speak of after some seconds."""
    readiness = Readiness("ci")
    assert [NotReadyKind.JOINING] == kinds(readiness, OUT, 0.0)
    assert [NotReadyKind.JOINING] == kinds(readiness, OUT, PATIENCE_S - 0.1)
    assert [NotReadyKind.CONSUMER] == kinds(readiness, OUT, PATIENCE_S)
    assert [] == kinds(readiness, MEMBER, PATIENCE_S + 1)


def test_a_member_may_be_out_for_a_moment() -> None:
    """While its group is balanced anew, or another consumer takes the place of one that failed."""
    readiness = Readiness("ci")
    readiness.look(MEMBER, 0.0)
    assert [] == kinds(readiness, OUT, 10.0)
    assert [] == kinds(readiness, OUT, 10.0 + PATIENCE_S - 0.1)
    assert [] == kinds(readiness, MEMBER, 10.0 + PATIENCE_S)
    assert [] == kinds(readiness, OUT, 20.0)
    (reason,) = readiness.look(OUT, 20.0 + PATIENCE_S)
    assert "endpoint ci: has not joined its group yet" == str(reason)


def test_who_joins_while_others_are_served_has_some_seconds() -> None:
    """A reload that begins an endpoint does not make a ready worker unready."""
    readiness = Readiness("ci", joins_late=True)
    assert [] == kinds(readiness, OUT, 0.0)
    assert [NotReadyKind.CONSUMER] == kinds(readiness, OUT, PATIENCE_S)


def test_obstacles_count_at_once() -> None:
    """A newer schema waits for nothing but an upgrade."""
    seen = replace(MEMBER, blocked_because=("a newer release",))
    assert [NotReadyKind.OBSTACLE] == kinds(Readiness("ci"), seen, 0.0)


def test_a_stall_is_said_after_a_minute_and_ends_with_the_next_finish() -> None:
    """With lag, a closed breaker and nothing held back on purpose."""
    readiness = Readiness("ci")
    assert [] == kinds(readiness, WAITS, 0.0)
    assert [] == kinds(readiness, WAITS, STALL_S - 0.1)
    (reason,) = readiness.look(WAITS, STALL_S)
    assert "no event was finished for 60 s, although 7 events wait" in str(reason)
    assert [] == kinds(readiness, replace(WAITS, finished=2), STALL_S + 1)
    assert [] == kinds(readiness, replace(WAITS, finished=2), 2 * STALL_S)
    assert [NotReadyKind.STALL] == kinds(readiness, replace(WAITS, finished=2), 2 * STALL_S + 1)


def moves(looks: list[EndpointSnapshot], at: int) -> bool:
    """Whether this look is one at which something was finished, or nothing was to be."""
    seen = looks[at]
    waits = seen.lag and not seen.waits_on_purpose and not seen.consumer_fault
    return not waits or at == 0 or seen.finished != looks[at - 1].finished


LOOKS = builds(
    EndpointSnapshot,
    consumer_fault=sampled_from(["", "", "lost"]),
    blocked_because=just(()),
    lag=integers(0, 2),
    waits_on_purpose=booleans(),
    finished=integers(0, 1),
)


@given(lists(tuples(LOOKS, integers(1, 70)), min_size=1, max_size=4))
def test_judged_every_second_it_says_what_the_last_minute_says(spells: list[tuple[EndpointSnapshot, int]]) -> None:
    """A stall is a minute of looks of which each waits for nothing; a fault is its patience; all else is ready."""
    looks = [seen for seen, seconds in spells for _ in range(seconds)]
    readiness = Readiness("ci")
    for now, seen in enumerate(looks):
        found = kinds(readiness, seen, float(now))
        moved = max(at for at in range(now + 1) if moves(looks, at))
        assert (now - moved >= STALL_S) == (NotReadyKind.STALL in found)
        last = looks[max(0, now - int(PATIENCE_S)) : now + 1]
        out = len(last) > PATIENCE_S and all(look.consumer_fault for look in last)
        assert out == (NotReadyKind.CONSUMER in found)
        member = any(not look.consumer_fault for look in looks[: now + 1])
        assert (bool(seen.consumer_fault) and not out and not member) == (NotReadyKind.JOINING in found)
