"""One exposition out of many: sums that never fall, gauges by their meaning, processes told apart."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, ProcessCollector, generate_latest

from runtime.processes.merged_metrics import PARENT, Merging, MetricsMerge, ProcessScrape

GAUGES: dict[str, Merging] = {"in_flight": "sum", "lag": "max", "kafka_up": "min"}


class Program:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.done = Counter("done_total", "Done", ["kind"], registry=self.registry)
        self.seconds = Histogram("seconds", "Seconds", registry=self.registry, buckets=(1.0, 5.0))
        self.gauges = {
            name: Gauge(name, name, registry=self.registry) for name in ("in_flight", "lag", "kafka_up", "unheard_of")
        }

    def scrape(self, process: str, start: int = 1) -> ProcessScrape:
        """What it exposes."""
        return ProcessScrape(process, start, generate_latest(self.registry).decode())


def samples(families: Iterable[Metric]) -> dict[tuple[str, ...], float]:
    """By name and the values of the labels."""
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_counters_and_histograms_are_added_up() -> None:
    """Label by label, bucket by bucket; what only one process has is there too."""
    one, two = Program(), Program()
    one.done.labels("a").inc(3)
    two.done.labels("a").inc(4)
    two.done.labels("b").inc(1)
    one.seconds.observe(0.5)
    two.seconds.observe(3.0)
    found = samples(MetricsMerge(GAUGES).merged([one.scrape("1"), two.scrape("2")]))
    assert (7.0, 1.0) == (found["done_total", "a"], found["done_total", "b"])
    assert [1.0, 2.0, 2.0] == [found["seconds_bucket", le] for le in ("1.0", "5.0", "+Inf")]
    assert (2.0, 3.5) == (found["seconds_count",], found["seconds_sum",])


def test_gauges_by_their_meaning() -> None:
    """Summed, the largest, the smallest; one that nobody said anything of is told apart by its process."""
    programs = {"1": Program(), "2": Program()}
    for name, value in (("1", 1.0), ("2", 5.0)):
        for gauge in programs[name].gauges.values():
            gauge.set(value)
    found = samples(MetricsMerge(GAUGES).merged(one.scrape(name) for name, one in programs.items()))
    assert [6.0, 5.0, 1.0] == [found[name,] for name in GAUGES]
    assert (1.0, 5.0) == (found["unheard_of", "1"], found["unheard_of", "2"])
    earliest = min(samples(one.registry.collect())["seconds_created",] for one in programs.values())
    assert earliest == found["seconds_created",], "the sum counts from there"


def test_what_is_about_a_process_is_labelled() -> None:
    """Its processor time is no sum: each counts for itself. One that has the label already keeps it."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    text = generate_latest(registry).decode()
    found = samples(MetricsMerge({}).merged([ProcessScrape("1", 1, text), ProcessScrape("parent", 0, text)]))
    assert {("process_cpu_seconds_total", "1"), ("process_cpu_seconds_total", "parent")} <= found.keys()
    assert ("process_cpu_seconds_total",) not in found
    up = Gauge("up", "Up", ["process"], registry=CollectorRegistry())
    up.labels("2").set(1)
    text = generate_latest(up).decode()
    assert {("up", "2"): 1.0} == samples(MetricsMerge({}).merged([ProcessScrape("parent", 0, text)]))


def test_a_silent_process_keeps_what_it_counted() -> None:
    """Its gauges are not known, its counts are."""
    one, two = Program(), Program()
    merge = MetricsMerge(GAUGES)
    one.done.labels("a").inc(3)
    two.done.labels("a").inc(4)
    two.gauges["in_flight"].set(9)
    merge.merged([one.scrape("1"), two.scrape("2")])
    found = samples(merge.merged([one.scrape("1")]))
    assert (7.0, 0.0) == (found["done_total", "a"], found["in_flight",]), "it is gone"
    found = samples(merge.merged([one.scrape("1")], is_whole=False))
    assert 7.0 == found["done_total", "a"]
    assert ("in_flight",) not in found, "it runs, and has requests in flight that nobody knows"


def test_the_parents_own_gauges_are_known_while_a_child_is_silent() -> None:
    """The child has no part in them: an alert on the parent's configuration goes on."""
    parent, child = Program(), Program()
    parent.registry = CollectorRegistry()
    Gauge("needs_restart", "Needs restart", registry=parent.registry).set(1)
    merge = MetricsMerge({**GAUGES, "needs_restart": "max"})
    found = samples(merge.merged([parent.scrape(PARENT), child.scrape("1")], is_whole=False))
    assert (1.0, None) == (found.get(("needs_restart",)), found.get(("in_flight",)))


class Counting:
    """A process that counts one thing, and is started again now and then."""

    def __init__(self) -> None:
        self.start = 1
        self.counted = 0
        self.seen = 0
        """Of what it has counted, at the last scrape."""

    def scrape(self, name: str) -> ProcessScrape:
        """What it exposes."""
        self.seen = self.counted
        return ProcessScrape(name, self.start, f"# TYPE done_total counter\ndone_total {self.counted}\n")

    def die(self) -> int:
        """Begin again at 0; what was seen of it before."""
        seen, self.start, self.counted, self.seen = self.seen, self.start + 1, 0, 0
        return seen


STEPS = st.tuples(st.sampled_from("12"), st.sampled_from(["count", "scrape", "die", "hide"]), st.integers(1, 5))


@given(st.lists(STEPS, max_size=30))
def test_a_sum_never_falls_and_loses_nothing_that_was_seen(steps: list[tuple[str, str, int]]) -> None:
    """Whichever processes count, end and are started again, or do not answer, in whatever order."""
    merge, programs = MetricsMerge(GAUGES), {name: Counting() for name in "12"}
    ended, last = 0, 0.0
    for name, step, amount in steps:
        if step == "count":
            programs[name].counted += amount
        elif step == "die":
            ended += programs[name].die()
        else:
            asked = {one: program for one, program in programs.items() if (step, one) != ("hide", name)}
            found = samples(merge.merged([program.scrape(one) for one, program in asked.items()]))
            total = found["done_total",]
            assert total == ended + sum(program.seen for program in programs.values())
            assert total >= last
            last = total


def test_what_is_forgotten_is_not_counted_for_ended_processes() -> None:
    """A series that no process has any more goes, although one that has ended had it; the others stay."""
    ended, runs = Program(), Program()
    for kind in ("removed", "kept"):
        ended.done.labels(kind).inc(3)
    runs.done.labels("kept").inc(1)
    merge = MetricsMerge(GAUGES)
    merge.merged([ended.scrape("1", start=1)])
    assert 3.0 == samples(merge.merged([runs.scrape("1", start=2)]))["done_total", "removed"]
    merge.forget("kind", "removed")
    found = samples(merge.merged([runs.scrape("1", start=2)]))
    assert (None, 4.0) == (found.get(("done_total", "removed")), found["done_total", "kept"])
