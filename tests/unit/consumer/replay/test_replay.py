"""Replays without a Kafka: what is kept of a run, what it sends and where, its failures and its summary."""

import asyncio
import dataclasses
import string
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.delivery.policy.attempts import Cause, Reason
from consumer.filters.endpoint_filter import Filter
from consumer.filters.selection import Selection
from consumer.lanes.delivery import Delivery, Lane
from consumer.offsets import commit_metadata
from consumer.offsets.commit_metadata import MAX_CHARACTERS
from consumer.offsets.cursor import Cursor
from consumer.offsets.ledger import Snapshot
from consumer.places import Bounds
from consumer.record import Record
from consumer.replay.failures import Failures
from consumer.replay.plan import Failure, PlanError, ReplayPlan, mark_of, plan_of
from consumer.replay.preview import preview_of
from consumer.replay.replay import Job
from consumer.replay.report import Failed, ReplayReport
from consumer.replay.run_store import RUN, Runs, group_of_run, new_run
from consumer.replay.target import ReplayFilter, target_of, unfiltered
from producer.event_record import record_of
from runtime.config import EndpointSettings, Secret
from runtime.kafka.cluster_state import Committed
from runtime.kafka.errors import KafkaUnavailableError
from schemas.event import Event, Target
from tests.kit.events import events

TEXT = st.text(max_size=20)
SPANS = st.tuples(st.integers(0, 10**12), st.integers(1, 10**6)).map(lambda at: range(at[0], at[0] + at[1]))
SELECTIONS = st.builds(Selection, TEXT, TEXT, TEXT, TEXT)
RANGES = st.dictionaries(st.integers(0, 20), SPANS, min_size=1, max_size=5)


@st.composite
def plans(draw: st.DrawFn) -> ReplayPlan:
    """Plans with some failures."""
    spans = draw(RANGES)
    plan = ReplayPlan("run", draw(TEXT), spans, draw(SELECTIONS), draw(st.booleans()), draw(TEXT))
    failures = st.builds(Failure, st.sampled_from(sorted(spans)), st.integers(0, 10**12), TEXT)
    plan.failures = sorted(draw(st.lists(failures, max_size=5)), key=lambda at: at.partition)
    return plan


@given(plan=plans())
def test_plan_is_found_again(plan: ReplayPlan) -> None:
    """What the group keeps is the plan, whole; and it fits."""
    commits = plan.commits()
    assert plan == plan_of("run", commits)
    assert all(len(at.metadata) <= MAX_CHARACTERS for at in commits.values())


@example(whys=["status 500"] * 300, glob="")
@example(whys=["é" * 400] * 60, glob="é" * 300)
@given(whys=st.lists(st.text(max_size=400), min_size=1, max_size=200), glob=st.text("é*", max_size=300))
def test_failures_always_fit(whys: list[str], glob: str) -> None:
    """However many failures there are, what is kept fits, and none is forgotten: each has a name or is counted."""
    plan = ReplayPlan("run", "ci", {3: range(10**12, 10**13)}, Selection(repository=glob))
    for number, why in enumerate(whys):
        plan.add_failure(Failure(3, 10**12 + number, why))
    found = plan_of("run", plan.commits())
    assert len(plan.commits()[3].metadata) <= MAX_CHARACTERS
    assert len(whys) == len(found.failures) + found.unnamed.get(3, 0)
    assert found.failures == plan.failures
    assert found.failures


def test_options_that_do_not_fit() -> None:
    """Options too long to be kept are refused before anything is sent."""
    with pytest.raises(PlanError, match="options of this run are longer"):
        ReplayPlan("run", "ci", {0: range(1)}, Selection(repository="x" * 3000)).commits()


@pytest.mark.parametrize(
    "metadata", ["", "{}", "[]", "R1abc", '{"v":2,"from":0}', '{"v":1,"from":0,"failed":[],"unnamed":0}']
)
def test_what_is_no_plan(metadata: str) -> None:
    """What is not a plan of this version is refused in one line."""
    with pytest.raises(PlanError, match="cannot be read by this version"):
        plan_of("run", {0: Committed(5, metadata)})
    with pytest.raises(PlanError, match="there is no run run"):
        plan_of("run", {})


@given(now=st.floats(0, 4e9), tail=st.text(string.hexdigits.lower(), min_size=4, max_size=4))
def test_names_of_runs(now: float, tail: str) -> None:
    """A run's name can stand in a group's name, a header and on a command line."""
    assert RUN.fullmatch(new_run(now, tail))


def test_target() -> None:
    """A run changes the address, the rate and one header, and nothing else of the endpoint."""
    endpoint = EndpointSettings(
        name="ci", url="https://ci/", rate_limit=5.0, headers=(("A", Secret("b")), ("Registry-Replay", Secret("old")))
    )
    target = target_of(endpoint, "r1")
    assert [("A", "b"), ("registry-replay", "r1")] == [(name, secret.reveal()) for name, secret in target.headers]
    assert (endpoint.url, 5.0, endpoint.safe_url) == (target.url, target.rate_limit, target.safe_url)
    assert 0.0 == target_of(dataclasses.replace(endpoint, dedupe_s=60.0), "r1").dedupe_s, "a replay is to repeat"
    other = target_of(endpoint, "r1", url="https://u:p@other/?k=s", rate=2.0)
    assert ("https://u:p@other/?k=s", 2.0) == (other.url, other.rate_limit)
    assert not {"u:p", "k=s"} & set(other.safe_url.split("/"))
    assert "***" in other.safe_url
    assert "" == mark_of("r1", "")
    assert mark_of("r1", "a") != mark_of("r1", "b") != mark_of("r2", "b")


STRICT = EndpointSettings(
    name="ci",
    url="https://ci/",
    ignored_actions=frozenset({"pull"}),
    ignored_media_types=frozenset({""}),
    ignored_methods=frozenset({"HEAD"}),
    registries=frozenset({"eu"}),
    repositories=("a/*",),
    tags=("v*",),
    actors=("!robot*",),
    useragents=("docker/*",),
)


@given(event=events())
def test_all_leaves_the_filters_out(event: Event) -> None:
    """With --all no rule of the endpoint holds; without, the rules are those of live delivery."""
    assert Filter(unfiltered(STRICT)).rule_against(event) is None
    assert Filter(STRICT).rule_against(event) == ReplayFilter(STRICT, Selection()).rule_against(event)
    chosen = ReplayFilter(STRICT, Selection(event_id=event.id + "x"))
    assert "selection" == chosen.rule_against(event)


def delivery(offset: int = 0) -> Delivery:
    """One on its way."""
    return Delivery(Record("t", 0, offset, 0, None, b""), None, Lane((0, offset)), 0.0, None)


def test_keeping_failures() -> None:
    """`bury` returns when the failure is kept, tries again while Kafka is away, and keeps many in few writes."""
    saved: list[Mapping[int, Committed]] = []
    away = [True]

    class Keeper:
        """Kafka, which is away at first."""

        def save(self, run: str, commits: Mapping[int, Committed]) -> None:
            """Keep them."""
            assert run == "run"
            if away and away.pop():
                raise KafkaUnavailableError("away")
            saved.append(commits)

    async def run() -> Failures:
        plan = ReplayPlan("run", "ci", {0: range(100)})
        failures = Failures(plan, Keeper(), jitter=lambda: 0.0)
        await asyncio.gather(
            *(failures.bury(delivery(n), Cause(Reason.REJECTED, 422, "status 422")) for n in range(50))
        )
        return failures

    failures = asyncio.run(run())
    kept = plan_of("run", saved[-1])
    assert list(range(50)) == [failure.offset for failure in kept.failures]
    assert len(saved) <= 2
    assert failures.are_kept
    assert 50 == len(failures.named)


class Offsets:
    """The offsets of all groups."""

    def __init__(self) -> None:
        self.of: dict[str, dict[int, Committed]] = {}

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """Those of a group."""
        return dict(self.of.get(group, {}))

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """Set some."""
        self.of.setdefault(group, {}).update(offsets)


def test_a_failure_that_is_not_finished_is_dropped() -> None:
    """A process that was killed kept it before its offset: it is tried again, and the run no longer names it."""
    offsets, whole = Offsets(), Bounds({0: 0, 1: 0}, {0: 100, 1: 100})
    runs = Runs(offsets, prefix="w", topic="t")
    plan = ReplayPlan("run", "ci", {0: range(100), 1: range(100)})
    runs.begin(plan)
    for partition, offset in ((0, 17), (0, 8), (0, 12), (1, 17)):
        plan.add_failure(Failure(partition, offset, "exhausted: status 500"))
    runs.save("run", plan.commits())
    group = group_of_run("w", "run")
    holed = commit_metadata.encode(Snapshot(10, (10, 17), 18), group=group, topic="t", partition=0)
    offsets.commit(group, "t", {0: Committed(10, holed), 1: Committed(18)})
    resumed = runs.find("run", whole)
    assert {0: (10, 17), 1: ()} == {number: at.holes for number, at in runs.progress(resumed, whole).items()}
    left = [(0, 8), (0, 12), (1, 17)]
    assert left == [(at.partition, at.offset) for at in resumed.failures]
    assert left == [(at.partition, at.offset) for at in runs.find("run", whole).failures]


def test_records_without_an_event_are_not_selected() -> None:
    """Where certain events are meant, a record that is none did not fail; where all are, it did."""

    class Keeper:
        """Takes everything."""

        def save(self, run: str, commits: Mapping[int, Committed]) -> None:
            """Keep them."""

    async def run(selection: Selection) -> Failures:
        failures = Failures(ReplayPlan("run", "ci", {0: range(9)}, selection), Keeper(), jitter=lambda: 0.0)
        await failures.bury(delivery(), Cause(Reason.UNDECODABLE, error="damaged"))
        return failures

    narrowed, all_ = asyncio.run(run(Selection(action="push"))), asyncio.run(run(Selection()))
    assert (0, 1) == (len(narrowed.named), narrowed.not_selected)
    assert (1, 0) == (len(all_.named), all_.not_selected)


def test_summary() -> None:
    """Everything that was not delivered is named or counted, and only a run without such is complete."""
    record = Record("t", 2, 7, 0, None, b"", (("ce_id", b"abc"), ("ce_subject", b"team/app")))
    report = ReplayReport(
        run="r1",
        endpoint="ci",
        delivered=5,
        filtered={"selection": 3, "tags": 2, "ignore.actions": 1},
        failed=[Failed(record, "rejected: status 422")],
        failed_before=[Failure(0, 3, "exhausted: status 500")],
        unnamed_before=4,
        stopped="the run was stopped",
        left=8,
    )
    assert [
        "ci: 5 delivered, 3 filtered (ignore.actions 1, tags 2), 1 failed; 3 were not selected",
        "  failed: 2:7  team/app  abc: rejected: status 422",
        "  failed before: 0:3: exhausted: status 500",
        "  failed before: at most 4 more that are counted but not named",
        "  8 offsets left: the run was stopped",
        "  to continue: registry-worker replay --resume r1",
    ] == report.lines()
    assert not report.is_complete
    assert ReplayReport("r1", "ci", 4, {"tags": 1}).is_complete
    for incomplete in (
        ReplayReport("r1", "ci", 4, lost=1),
        ReplayReport("r1", "ci", 0, unnamed_before=1),
        ReplayReport("r1", "ci", 0, stopped="x"),
    ):
        assert not incomplete.is_complete
    assert ["ci: 4 delivered, 0 filtered, 0 failed", "  1 offset is not in the log any more"] == ReplayReport(
        "r1", "ci", 4, lost=1
    ).lines()


def test_what_is_asked() -> None:
    """Offsets that the log lost since the run began were asked for: they are no delivery."""
    plan = ReplayPlan("run", "ci", {0: range(10), 1: range(5)})
    target = EndpointSettings(name="ci", url="https://ci/")
    assert 12 == Job(plan, target, {0: Cursor(4, (4, 6), 7, 10, lost=3), 1: Cursor(0, (), -1, 5)}).asked


def record_in(event: Event, offset: int) -> Record:
    """The event as it lies in the log."""
    made = record_of(event, topic="t", accepted_ms=0)
    return Record("t", 0, offset, 0, made.key, made.value, tuple(made.headers))


def test_preview() -> None:
    """A dry run counts by action and repository, the most first, and what it could not read or does not mean."""
    endpoint = EndpointSettings(name="ci", url="https://ci/", ignored_actions=frozenset({"pull"}))
    told = (("a/b", "push"), ("a/\x1bc", "delete"), ("a/b", "push"), ("a/b", "pull"), ("c", "push"))
    found = [Event(action=action, target=Target(repository=repository)) for repository, action in told]
    records = [record_in(event, offset) for offset, event in enumerate(found)]
    preview = preview_of([*records, Record("t", 0, 9, 0, None, b"no")], ReplayFilter(endpoint, Selection("a/*")))
    head, table = preview.lines("ci")
    assert "ci: 3 events would be delivered, 1 filtered; 1 are not selected; 1 cannot be read" == head
    assert ["EVENTS  ACTION  REPOSITORY", "2       push    a/b", "1       delete  a/\\x1bc"] == table.splitlines()
