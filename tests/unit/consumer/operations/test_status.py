"""Where endpoints stand: a cursor from outside is what a worker would do, and what a worker's answer is taken for."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.endpoint.live_status import EndpointAnswer
from consumer.offsets import commit_metadata as holes
from consumer.offsets.cursor import Cursor, cursor_of, snapshot_of
from consumer.offsets.group_position import GroupPosition
from consumer.offsets.ledger import Ledger, Novelty, Snapshot
from consumer.operations.endpoint_positions import EndpointPosition, PartitionPosition, position_or_start
from consumer.operations.serving import Serving, outside_reasons
from consumer.operations.status import EndpointStatus, text_of
from consumer.operations.worker_answer import worker_answer_of
from consumer.places import Bounds
from runtime.cli.tables import Look
from runtime.cli.terminal import printable, table
from runtime.config import Beginning, End, EndpointSettings, New, Start
from runtime.kafka.cluster_state import Committed, GroupMembers, Member, Topic
from runtime.pauses import Pause


def snapshots() -> st.SearchStrategy[Snapshot]:
    """Commits, with and without holes."""

    def with_holes(offset: int, more: set[int], reach: int) -> Snapshot:
        top = offset + reach
        return Snapshot(offset, (offset, *sorted(offset + at for at in more if at < reach)), top)

    plain = st.integers(0, 40).map(Snapshot)
    holed = st.builds(with_holes, st.integers(0, 40), st.sets(st.integers(1, 30)), st.integers(1, 30))
    return plain | holed


@given(st.none() | snapshots(), st.integers(0, 40), st.integers(0, 60))
def test_cursor_is_what_a_worker_would_do(committed: Snapshot | None, first: int, size: int) -> None:
    """Whatever was committed and whatever the log has left: unfinished is what a ledger would admit as new."""
    end = first + size
    cursor = cursor_of(committed, first=first, end=end)
    known = committed is not None and first <= committed.offset <= end
    start = committed.offset if known and committed is not None else first
    ledger = Ledger(start, committed, end=end)
    lost = ledger.expired
    new = [offset for offset in range(start, end) if ledger.admit(offset) is Novelty.NEW]
    assert (start, len(new), lost) == (cursor.start, cursor.lag, cursor.lost)
    assert (new[0] if new else None) == cursor.oldest
    assert new == [offset for offset in range(first, end) if not cursor.has_finished(offset)]
    for offset in range(first, end):
        assert sum(1 for one in new if one < offset) == cursor.before(offset)


def test_holes_are_read_from_the_metadata() -> None:
    """The commit's own metadata is used; that of another commit is not: then only the offset counts."""
    snapshot = Snapshot(5, (5, 7), 9)
    metadata = holes.encode(snapshot, group="g", topic="t", partition=0)
    assert snapshot == snapshot_of(Committed(5, metadata), group="g", topic="t", partition=0)
    for committed in (Committed(6, metadata), Committed(5, "theirs")):
        assert Snapshot(committed.offset) == snapshot_of(committed, group="g", topic="t", partition=0)


def test_what_a_worker_has_finished_and_not_committed_counts() -> None:
    """Its answer counts for the partitions that it has as a member of the group, if it is not behind the commit."""
    known = {number: Cursor(5, (), -1, 20) for number in range(4)}
    bounds = Bounds(dict.fromkeys(known, 0), dict.fromkeys(known, 20))
    position = EndpointPosition(EndpointSettings(name="ci", url="http://h/"), "g", "t", bounds, known, has_cursor=True)
    further = holes.encode(Snapshot(6, (6, 8), 22), group="g", topic="t", partition=1)
    commits = {0: Committed(18), 1: Committed(6, further), 2: Committed(3), 9: Committed(1)}
    found = position.updated(EndpointAnswer(group="g", cursors=commits)).cursors
    assert [2, 2, 15, 15] == [found[number].lag for number in known]
    assert (6, (6, 8), 22, 23) == (found[1].start, found[1].holes, found[1].top, found[1].end)
    assert position == position.updated(EndpointAnswer(group="other", cursors=commits)) == position.updated(None)
    unstarted = replace(position, has_cursor=False)
    assert unstarted == unstarted.updated(EndpointAnswer(group="g", cursors=commits))


class NoTimes:
    """A log that need not be asked: the start is a place that its bounds tell."""

    def topic(self, name: str) -> Topic | None:
        """Not asked for here."""
        raise NotImplementedError

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Not asked for here."""
        raise NotImplementedError

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Not asked for here."""
        raise NotImplementedError

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Not asked for here."""
        raise NotImplementedError


@pytest.mark.parametrize(("start", "offset"), [(Beginning(), 2), (End(), 9), (New(), 9)])
def test_without_a_commit_it_is_where_the_start_would_begin(start: Start, offset: int) -> None:
    """And that is said; with a commit the start is of no account."""
    endpoint = EndpointSettings(name="ci", url="http://h/", start=start)
    nothing = GroupPosition("g", "t", Bounds({0: 2}, {0: 9}), {})
    found = position_or_start(NoTimes(), endpoint, nothing, now=0.0)
    assert PartitionPosition(0, Cursor(offset, (), -1, 9), has_cursor=False) == found.at(0)
    committed = replace(nothing, cursors={0: Cursor(4, (), -1, 9)})
    assert position_or_start(NoTimes(), endpoint, committed, now=0.0).at(0) == PartitionPosition(
        0, Cursor(4, (), -1, 9), has_cursor=True
    )


NUMBERS = st.lists(st.integers(0, 3), max_size=3, unique=True).map(tuple)
MEMBERS = st.lists(st.builds(Member, st.sampled_from(["a", "b"]), NUMBERS), max_size=3).map(tuple)
MEMBERSHIPS = st.builds(GroupMembers, MEMBERS, st.just("consumer")) | st.builds(
    GroupMembers, obstacle=st.just("no answer")
)
LIVES = st.none() | st.builds(EndpointAnswer, waits_because=st.just(()) | st.just(("why",)), partitions=NUMBERS)


@given(
    st.builds(Serving, MEMBERSHIPS, LIVES, st.sampled_from(["", "no answer"])),
    st.dictionaries(st.integers(0, 3), st.integers(0, 2).map(lambda lag: Cursor(5, (), -1, 5 + lag)), max_size=4),
    st.booleans(),
)
def test_whatever_lags_has_a_reason(serving: Serving, cursors: dict[int, Cursor], disabled: bool) -> None:  # noqa: FBT001
    """And what does not lag waits for nothing; what will come to a partition that no member has would wait."""
    reasons = outside_reasons(serving, cursors, disabled=disabled)
    would_wait = bool(serving.membership.members and serving.unassigned(cursors)) and not disabled
    assert bool(reasons) == (any(cursor.lag for cursor in cursors.values()) or would_wait)
    assert all(reasons)


def test_partitions_without_an_owner_are_named() -> None:
    """Whether anything waits there or not; where it is not known who has them nothing is said of them."""
    two = (Member("10.0.0.1", (0,)), Member("10.0.0.2", ()))
    idle = {number: Cursor(5, (), -1, 5) for number in range(4)}
    late = {**idle, 0: Cursor(5, (), -1, 6), 3: Cursor(5, (), -1, 6)}
    answer = EndpointAnswer("closed", (), (1,))
    serving = Serving(GroupMembers(two, "consumer"), answer)
    assert ["no worker has partitions 2, 3"] == outside_reasons(serving, idle, disabled=False)
    assert [] == outside_reasons(serving, idle, disabled=True)
    assert "no worker has partitions 2, 3" == outside_reasons(serving, late, disabled=False)[0]
    assert [2, 3] == serving.as_json(idle)["unassigned"]
    joining = Serving(GroupMembers(two, "classic", is_rebalancing=True), answer)
    assert [] == outside_reasons(joining, idle, disabled=False)
    decides = "its group decides just now which worker gets which partition"
    assert decides in outside_reasons(joining, late, disabled=False)
    assert joining.as_json(idle)["unassigned"] is None


def status(name: str, partitions: dict[int, Cursor], **more: Any) -> EndpointStatus:
    """An endpoint's status; what is not said is as without a worker."""
    usual = {"disabled": False, "has_cursor": True, "oldest_age_s": None}
    return EndpointStatus(endpoint=name, group=f"g.{name}", partitions=partitions, **(usual | more))


TEXT = [
    [
        "ci",
        "5",
        "1m15s",
        "?",
        "?",
        "2 members (consumer)",
        "open",
        "2",
        "why; partition 1: served from 10.0.0.2 by a worker that was not asked",
    ],
    [
        "new",
        "6",
        "?",
        "?",
        "?",
        "0 members",
        "?",
        "0",
        "not started yet: it would begin with 6 records waiting; no worker serves it",
    ],
    ["off", "0", "-", "-", "-", "0 members", "disabled", "0", "the log has lost 4 records that were not delivered"],
    [
        "dark",
        "1",
        "?",
        "?",
        "?",
        "?",
        "?",
        "?",
        "the members of its group are not known: describing group g.dark: not authorized",
    ],
]
"""What `text_of` shows of the endpoints of `test_text`, by line and cell."""


def test_text() -> None:
    """A line for each endpoint: what is unknown or not there is said as such."""
    at = Cursor(3, (3, 5), 7, 10)
    two = GroupMembers((Member("10.0.0.1", (0,)), Member("10.0.0.2", (1,))), "consumer")
    lost = GroupMembers(obstacle="describing group g.dark: not authorized")
    statuses = [
        status(
            "ci",
            {0: at, 1: Cursor(0, (), -1, 1)},
            oldest_age_s=75.4,
            serving=Serving(two, EndpointAnswer("open", ("why",), (0,))),
            dead_letters=2,
        ),
        status("new", {0: Cursor(4, (), -1, 10)}, has_cursor=False, dead_letters=0),
        status("off", {0: Cursor(4, (), -1, 4, lost=4)}, disabled=True, dead_letters=0),
        status("dark", {0: Cursor(4, (), -1, 5)}, serving=Serving(lost)),
    ]
    head, *rows = text_of(statuses, Look()).splitlines()
    assert head.split("  ")[0] == "ENDPOINT"
    assert [[cell.strip() for cell in row.split("  ") if cell] for row in rows] == TEXT


def test_pace() -> None:
    """Rate and time to catch up are known only if all workers that have partitions were asked and know theirs."""
    answer = EndpointAnswer("closed", partitions=(0, 1), finished_per_s=20.0, arrived_per_s=15.0)
    late = {0: Cursor(0, (), -1, 50), 1: Cursor(0, (), -1, 50)}
    known = status("ci", late, serving=Serving(GroupMembers(), answer))
    assert (20.0, 20.0) == (known.finished_per_s, known.catch_up_s)
    assert ["20/s", "20s"] == text_of([known], Look()).splitlines()[1].split()[3:5]
    falling = status("ci", late, serving=Serving(GroupMembers(), replace(answer, arrived_per_s=20.0)))
    assert "never" == text_of([falling], Look()).splitlines()[1].split()[4]
    assert None is falling.as_json()["catch_up_s"]
    elsewhere = status("ci", {**late, 2: Cursor(0, (), -1, 0)}, serving=Serving(GroupMembers(), answer))
    assert (None, None) == (elsewhere.finished_per_s, elsewhere.catch_up_s)
    paused = status("ci", late, serving=Serving(GroupMembers(), answer, pause=Pause(0, "why")))
    assert "paused" in text_of([paused], Look()).splitlines()[1]
    assert paused.waits_because[0] == str(Pause(0, "why"))
    assert Pause(0, "why").as_json() == paused.as_json()["paused"]


def test_json() -> None:
    """Numbers for programs: lag and holes by partition, and in all."""
    told = status("ci", {0: Cursor(3, (3, 5), 7, 10)}, oldest_age_s=1.23456, dead_letters=2).as_json()
    assert (told["lag"], told["oldest_age_s"], told["dead_letters"], told["has_cursor"]) == (4, 1.235, 2, True)
    assert (told["breaker"], told["group_protocol"], told["members"], told["unassigned"]) == (None, None, [], [0])
    unknown = status("ci", {0: Cursor(3, (), -1, 10)}, serving=Serving(GroupMembers(obstacle="no answer"))).as_json()
    assert (unknown["members"], unknown["unassigned"], unknown["not_asked"]) == (None, None, None)
    assert (unknown["dead_letters"], unknown["oldest_age_s"]) == (None, None)
    assert told["partitions"] == [{"partition": 0, "offset": 3, "holes": 2, "end": 10, "lag": 4}]


def test_answer_of_a_worker() -> None:
    """Breaker, reasons and cursors are taken from it; an endpoint that it does not serve is unknown."""
    cursors = [{"partition": 3, "offset": 7, "metadata": "R1"}, {"partition": 4, "offset": -1, "metadata": ""}, 5]
    answer = [
        {"endpoint": "ci", "breaker": "open", "waits_because": ["a", "b"], "partitions": [0, 3], "group": "g.ci"}
        | {"cursors": cursors}
    ]
    worker = worker_answer_of(answer, where="h:1/status")
    assert EndpointAnswer("open", ("a", "b"), (0, 3), "g.ci", {3: Committed(7, "R1")}) == worker.of("ci")
    assert worker.of("other") is None
    assert worker.unreachable_because == ""


@pytest.mark.parametrize("answer", [None, {}, "x", 1])
def test_answer_of_something_else(answer: object) -> None:
    """What is no worker's answer says nothing, and that is said."""
    assert worker_answer_of(answer, where="h:1/status").unreachable_because == "h:1/status did not answer as a worker"


KEYS = st.sampled_from(["endpoint", "breaker", "waits_because", "partitions", "group", "cursors"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(JSON)
def test_answers_are_taken_with_care(answer: object) -> None:
    """Whatever JSON answers, nothing fails."""
    assert isinstance(worker_answer_of(answer, where="w").of("ci"), EndpointAnswer | None)


@given(st.text())
def test_printable_is_one_harmless_line(text: str) -> None:
    """No text moves a cursor or begins a line; text that is printable stays as it is."""
    shown = printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()


def test_table_is_aligned() -> None:
    """Columns are as wide as their widest cell."""
    assert table(("A", "B"), [("long", "x"), ("s", "y\n")]) == "A     B\nlong  x\ns     y\\n"
