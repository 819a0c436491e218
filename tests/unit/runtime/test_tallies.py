"""Counters and histograms of plain numbers: exposed as the client library exposes its own."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from runtime.tallies import TalliedCounter, TalliedHistogram

BOUNDS = (0.005, 0.5, 1.0, 300.0, 86400.0)
LABELS = ("type", "endpoint")
AMOUNTS = st.floats(0, 1e6) | st.sampled_from(BOUNDS)
SERIES = st.tuples(st.sampled_from(["Events", 'a "b"\n']), st.sampled_from(["ci", "other"]))


def exposed(registry: CollectorRegistry) -> list[str]:
    """The lines of the exposition, but for when the library's series were made."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


@given(st.lists(st.tuples(SERIES, st.integers(0, 100))))
def test_a_counter_is_exposed_as_the_library_does(counted: list[tuple[tuple[str, str], int]]) -> None:
    """Whatever is counted, and with any labels; a series begins when it is first asked for."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tallied = TalliedCounter("events_total", "Events", LABELS, ours)
    counter = Counter("events_total", "Events", LABELS, registry=theirs)
    for labels, number in counted:
        tallied.of(*labels).count += number
        counter.labels(*labels).inc(number)
    assert exposed(theirs) == exposed(ours)


@given(st.lists(st.tuples(SERIES, AMOUNTS)))
def test_a_histogram_is_exposed_as_the_library_does(observed: list[tuple[tuple[str, str], float]]) -> None:
    """An amount that is a bucket's bound is in that bucket."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tallied = TalliedHistogram("seconds", "Seconds", LABELS, ours, bounds=BOUNDS)
    histogram = Histogram("seconds", "Seconds", LABELS, registry=theirs, buckets=BOUNDS)
    for labels, amount in observed:
        tallied.of(*labels).observe(amount)
        histogram.labels(*labels).observe(amount)
    assert exposed(theirs) == exposed(ours)


def test_a_removed_series_is_not_exposed() -> None:
    """And begins at zero if it is asked for again; the others stay."""
    registry = CollectorRegistry()
    counter = TalliedCounter("events_total", "Events", LABELS, registry)
    histogram = TalliedHistogram("seconds", "Seconds", LABELS, registry, bounds=BOUNDS)
    for endpoint in ("ci", "other"):
        counter.of("Events", endpoint).count += 1
        histogram.of("Events", endpoint).observe(1.0)
    for metric in (counter, histogram):
        metric.remove("Events", "ci")
        metric.remove("Events", "ci")
    assert not [line for line in exposed(registry) if '"ci"' in line]
    assert [line for line in exposed(registry) if '"other"' in line]
    assert 0 == counter.of("Events", "ci").count
