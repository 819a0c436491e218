"""One status out of those of several processes of a worker."""

from dataclasses import replace

from consumer.endpoint.live_status import LiveStatus
from consumer.worker.merged_status import merged_status, no_status

NOTHING = no_status("ci", "http://ci.test/", "workers.ci")
DOWN = "process 3: it is starting"


def part(*partitions: int, lag: int | None = 0, **members: object) -> LiveStatus:
    """What one process answers."""
    cursors = [{"partition": number, "offset": 10 * number, "metadata": ""} for number in partitions]
    made = LiveStatus("ci", "http://ci.test/", list(partitions), lag, None, 1, 8, "closed", [], "workers.ci", cursors)
    return replace(made, **members)  # type: ignore[arg-type]  # a test's own words


def test_parts_of_a_whole() -> None:
    """Partitions are united, what waits in them is added up, and the oldest of all is the oldest."""
    found = merged_status(NOTHING, {1: part(0, 2, lag=3, oldest_age_s=4.0), 2: part(1, lag=5, oldest_age_s=9.0)}, [])
    assert ([0, 1, 2], 8, 9.0, 2, 16, "closed", []) == (
        found.partitions,
        found.lag,
        found.oldest_age_s,
        found.in_flight,
        found.limit,
        found.breaker,
        found.waits_because,
    )
    assert [0, 10, 20] == [cursor["offset"] for cursor in found.cursors]
    assert ("ci", "http://ci.test/", "workers.ci") == (found.endpoint, found.url, found.group)


def test_reasons_have_a_name_unless_all_share_them() -> None:
    """An open breaker anywhere is open."""
    parts = {1: part(0, waits_because=["a", "b"]), 2: part(1, waits_because=["a", "c"], breaker="open")}
    found = merged_status(NOTHING, parts, [DOWN])
    assert [DOWN, "a", "process 1: b", "process 2: c"] == found.waits_because
    assert "open" == found.breaker


def test_what_one_process_cannot_say_is_not_known() -> None:
    """No lag while one does not answer, does not know, or has a partition that another has too."""
    known = part(0, lag=3, oldest_age_s=4.0)
    for parts, troubles in (
        ({1: known}, [DOWN]),
        ({1: known, 2: part(1, lag=None)}, []),
        ({1: known, 2: part(0, lag=3)}, []),
    ):
        found = merged_status(NOTHING, parts, troubles)
        assert (None, None, [0]) == (found.lag, found.oldest_age_s, found.partitions[:1])


def test_the_age_is_not_known_where_one_process_does_not_know_it() -> None:
    """What it does not know may be the oldest; where nothing waits there is no age to know."""
    known, unknown, idle = part(0, lag=3, oldest_age_s=4.0), part(1, lag=2), part(2)
    assert (5, None) == _lag_and_age(known, unknown, idle)
    assert (3, 4.0) == _lag_and_age(known, idle)
    assert (0, None) == _lag_and_age(idle)


def _lag_and_age(*parts: LiveStatus) -> tuple[int | None, float | None]:
    found = merged_status(NOTHING, dict(enumerate(parts)), [])
    return found.lag, found.oldest_age_s


def test_nobody_answers() -> None:
    """Nothing is known but why."""
    assert replace(NOTHING, waits_because=[DOWN]) == merged_status(NOTHING, {}, [DOWN])
