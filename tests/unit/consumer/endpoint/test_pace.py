"""The pace of an endpoint: counted over the last minute, and not known where nothing can be compared."""

from consumer.endpoint.pace import WINDOW_S, Pace, PaceSample


def rates(pace: Pace) -> list[float | None]:
    """Finished and arrived a second."""
    return [pace.finished_per_s, pace.arrived_per_s]


def test_rates_over_the_last_minute() -> None:
    """What was before counts no more."""
    pace = Pace()
    assert [None, None] == rates(pace)
    for second in range(0, 200, 2):
        finished = 10 * second if second < 100 else 1000 + 4 * (second - 100)
        pace.sample(PaceSample(float(second), {0: finished, 1: 0}, {0: 3 * second, 1: 7}))
    assert [4.0, 3.0] == rates(pace)


def test_a_moment_is_too_short() -> None:
    """Of less than five seconds nothing can be said."""
    pace = Pace()
    pace.sample(PaceSample(0.0, {0: 0}, {0: 0}))
    pace.sample(PaceSample(4.0, {0: 100}, {0: 100}))
    assert [None, None] == rates(pace)
    pace.sample(PaceSample(5.0, {0: 100}, {0: 100}))
    assert [20.0, 20.0] == rates(pace)


def test_partitions_that_come_or_go() -> None:
    """Their counts would look like records finished: it begins anew."""
    pace = Pace()
    pace.sample(PaceSample(0.0, {0: 0}, {0: 0}))
    pace.sample(PaceSample(10.0, {0: 10, 1: 1_000_000}, {0: 10, 1: 1_000_000}))
    assert [None, None] == rates(pace)
    pace.sample(PaceSample(20.0, {0: 20, 1: 1_000_010}, {0: 10, 1: 1_000_000}))
    assert [2.0, 0.0] == rates(pace)


def test_a_topic_made_anew() -> None:
    """A count that falls tells nothing; a minute later it does again."""
    pace = Pace()
    pace.sample(PaceSample(0.0, {0: 500}, {0: 500}))
    pace.sample(PaceSample(10.0, {0: 5}, {0: 5}))
    assert [None, None] == rates(pace)
    for second in range(12, 12 + int(WINDOW_S), 2):
        pace.sample(PaceSample(float(second), {0: 5 + second}, {0: 5 + second}))
    assert [1.2, 1.2] == [round(rate or 0.0, 1) for rate in rates(pace)]
