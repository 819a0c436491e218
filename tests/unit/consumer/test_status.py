"""Where endpoints stand: a cursor from outside is what a worker would do, and what a worker's answer is taken for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer import holes
from consumer.cursor import Cursor, cursor_of, snapshot_of
from consumer.ledger import Admission, Ledger, Snapshot
from consumer.live import Live, worker_of
from consumer.status import EndpointStatus, text_of
from consumer.terminal import printable, table
from runtime.kafka.groups import Committed


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
    new = [offset for offset in range(start, end) if ledger.admit(offset) is Admission.NEW]
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


def status(name: str, partitions: dict[int, Cursor], **more: Any) -> EndpointStatus:
    """An endpoint's status; what is not said is as without a worker."""
    usual = {"disabled": False, "has_cursor": True, "oldest_age_s": None, "breaker": "unknown"}
    return EndpointStatus(endpoint=name, group=f"g.{name}", partitions=partitions, **(usual | more))


def test_text() -> None:
    """A line for each endpoint: what is unknown or not there is said as such."""
    at = Cursor(3, (3, 5), 7, 10)
    statuses = [
        status("ci", {0: at}, oldest_age_s=75.4, breaker="open", waits_because=["why"], dead_letters=2),
        status("new", {0: Cursor(4, (), -1, 10)}, has_cursor=False),
        status("off", {0: Cursor(4, (), -1, 4, lost=4)}, disabled=True),
    ]
    assert text_of(statuses).splitlines() == [
        "ENDPOINT  LAG  OLDEST  BREAKER   DEAD LETTERS  WAITS BECAUSE",
        "ci        4    1m15s   open      2             why",
        "new       6    -       unknown   0             not started yet: its start would deliver 6",
        "off       0    -       disabled  0             the log has lost 4 that were not delivered",
    ]


def test_json() -> None:
    """Numbers for programs: lag and holes by partition, and in all."""
    told = status("ci", {0: Cursor(3, (3, 5), 7, 10)}, oldest_age_s=1.23456, dead_letters=2).as_json()
    assert (told["lag"], told["oldest_age_s"], told["dead_letters"], told["has_cursor"]) == (4, 1.235, 2, True)
    assert told["partitions"] == [{"partition": 0, "offset": 3, "holes": 2, "end": 10, "lag": 4}]


def test_answer_of_a_worker() -> None:
    """Breaker and reasons are taken from it; an endpoint that it does not serve is unknown."""
    answer = [{"endpoint": "ci", "breaker": "open", "waits_because": ["a", "b"], "partitions": [0, 3]}]
    worker = worker_of(answer, where="h:1/status")
    assert Live("open", ("a", "b"), (0, 3)) == worker.of("ci")
    assert Live() == worker.of("other")
    assert worker.silence == ""


@pytest.mark.parametrize("answer", [None, {}, "x", 1])
def test_answer_of_something_else(answer: object) -> None:
    """What is no worker's answer says nothing, and that is said."""
    assert worker_of(answer, where="h:1/status").silence == "h:1/status is not a worker's"


KEYS = st.sampled_from(["endpoint", "breaker", "waits_because", "partitions"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(JSON)
def test_answers_are_taken_with_care(answer: object) -> None:
    """Whatever JSON answers, nothing fails."""
    assert isinstance(worker_of(answer, where="w").of("ci"), Live)


@given(st.text())
def test_printable_is_one_harmless_line(text: str) -> None:
    """No text moves a cursor or begins a line; text that is printable stays as it is."""
    shown = printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()


def test_table_is_aligned() -> None:
    """Columns are as wide as their widest cell."""
    assert table(("A", "B"), [("long", "x"), ("s", "y\n")]) == "A     B\nlong  x\ns     y\\n"
