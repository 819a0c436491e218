"""Dead letters after their burial: which records are open letters, whom they mean, and in which order they go."""

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.dead_letters.folds import LetterHistory, OpenCounts, OpenLetters
from consumer.dead_letters.letter import Closing, ClosingState, Letter
from consumer.dead_letters.queue import Queue, Ready, in_turns
from consumer.dead_letters.record import closings_of, letter_of, original_of, parse_record
from consumer.dead_letters.redrive_policy import RedrivePolicy, patience_s
from consumer.dead_letters.report import RedriveReport
from consumer.dead_letters.selection import LetterSelection, SelectionWithin
from consumer.dead_letters.text import json_line, json_of, line_of, page_of
from consumer.dead_letters.topic import rounds
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.delivery.policy.outcome import Outcome
from consumer.lanes.delivery import Tries
from consumer.record import Record
from runtime.backoff import Backoff
from runtime.config import EndpointSettings
from runtime.kafka.records import OutgoingRecord
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event, Target
from schemas.headers import record_headers

TOPIC = "events"
DEAD = "dead"


def record(offset: int, *, repository: str = "team/app", partition: int = 0, name: str | None = None) -> Record:
    """An event's record in the events topic."""
    event = Event(id=f"id-{offset}" if name is None else name, action="push", target=Target(repository=repository))
    return Record(
        topic=TOPIC,
        partition=partition,
        offset=offset,
        timestamp_ms=1_000,
        key=repository.encode() or None,
        value=frame(CATALOG.latest.id, encode(event)),
        headers=tuple(record_headers(event)),
    )


def buried(original: Record, at: int, *, partition: int = 0, endpoint: str = "ci", error: str = "status 422") -> Record:
    """The letter of a record, as it lies in the dead-letter topic."""
    letter = letter_of(
        original,
        Cause(Reason.REJECTED, 422, error),
        topic=DEAD,
        endpoint=endpoint,
        attempts=3,
        first_attempt=1.0,
        last_attempt=2.0,
    )
    return lying(letter, at, partition)


def lying(outgoing: OutgoingRecord, at: int, partition: int) -> Record:
    """A record as it would lie in the dead-letter topic at this offset."""
    return Record(DEAD, partition, at, 5_000 + at, outgoing.key, outgoing.value, tuple(outgoing.headers))


def letter_at(offset: int, at: int, *, partition: int = 0) -> Letter:
    """A letter of the event at `offset`, itself at `at`."""
    found = parse_record(buried(record(offset), at, partition=partition))
    assert isinstance(found, Letter)
    return found


def closed(letter: Letter, at: int, state: ClosingState = ClosingState.REDRIVEN) -> list[Record]:
    """The closings of a letter, each at this offset of its partition."""
    return [lying(one, at, one.partition or 0) for one in closings_of(letter, state, topic=DEAD)]


def folded(records: Sequence[Record]) -> list[tuple[int, int]]:
    """Where the open letters lie."""
    found = OpenLetters(LetterSelection())
    for one in records:
        found.add(one)
    return [letter.place for letter in found.letters()]


def test_letter_is_understood() -> None:
    """What `letter_of` writes is read back: whose it is, why, and which event."""
    letter = parse_record(buried(record(17, partition=3), 4, partition=2))
    assert isinstance(letter, Letter)
    assert letter.identity == ("ci", TOPIC, 3, 17)
    assert letter.place == (2, 4)
    assert (letter.reason, letter.status, letter.error, letter.attempts) == ("rejected", "422", "status 422", "3")
    assert (letter.first_attempt, letter.last_attempt) == ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z")
    assert (letter.event_id, letter.webhook_id, letter.repository) == ("id-17", "id-17", "team/app")


def test_original_is_given_back() -> None:
    """The event's record comes out of the letter as it was, its place included."""
    original = record(17, partition=3)
    found = original_of(buried(original, 4))
    assert (original.place, original.key, original.value) == (found.place, found.key, found.value)
    assert original.headers == found.headers


def test_names_of_a_letter() -> None:
    """An operator says the event's id, the webhook-id, or PARTITION:OFFSET; without an id the place is its name."""
    odd, none = (parse_record(buried(record(5, name=name), 0)) for name in ("with.a.dot", ""))
    assert isinstance(odd, Letter)
    assert isinstance(none, Letter)
    assert (odd.name, none.name) == ("with.a.dot", "0:5")
    for letter, texts in ((odd, ("with.a.dot", odd.webhook_id, "0:5")), (none, (none.webhook_id, "0:5"))):
        assert [True] * len(texts) == [letter.is_named(text) for text in texts]
        assert not letter.is_named("")
        assert not letter.is_named("0:6")
    assert odd.webhook_id.startswith("sha256-")


def test_tombstone_is_a_letter() -> None:
    """A letter of a record without a value is none the less a letter: only `dl-state` closes."""
    empty = Record(TOPIC, 0, 1, 0, b"team/app", None, ())
    found = parse_record(buried(empty, 0))
    assert isinstance(found, Letter)
    assert (found.event_id, found.name) == ("", "0:1")


@pytest.mark.parametrize("missing", ["dl-endpoint", "dl-topic", "dl-partition", "dl-offset"])
def test_foreign_records_are_passed_over(missing: str) -> None:
    """A record that does not say whose letter it is, is none, and is counted."""
    letter = buried(record(1), 0)
    headers = tuple(pair for pair in letter.headers if pair[0] != missing)
    foreign = Record(DEAD, 0, 0, 0, letter.key, letter.value, headers)
    assert parse_record(foreign) is None
    found = OpenLetters(LetterSelection())
    found.add(foreign)
    assert (found.foreign, found.letters()) == (1, [])


def test_closing_lies_with_its_letter() -> None:
    """A closing has the letter's partition and key, no value, the same identity and the state."""
    (closing,) = closings_of(letter_at(17, 4, partition=2), ClosingState.DISCARDED, topic=DEAD)
    assert (closing.topic, closing.partition, closing.key, closing.value) == (DEAD, 2, b"team/app", None)
    wanted = [("endpoint", "ci"), ("topic", TOPIC), ("partition", "0"), ("offset", "17"), ("state", "discarded")]
    assert [(f"dl-{name}", value.encode()) for name, value in wanted] == closing.headers
    understood_again = parse_record(lying(closing, 9, 2))
    assert isinstance(understood_again, Closing)
    assert understood_again.identity == ("ci", TOPIC, 0, 17)


def test_open_closed_and_open_again() -> None:
    """A closing closes what stands before it, and nothing that comes after it."""
    letter = letter_at(1, 0)
    first, again = buried(record(1), 0), buried(record(1), 2)
    assert folded([first]) == [(0, 0)]
    assert folded([first, *closed(letter, 1)]) == []
    assert folded([first, *closed(letter, 1), again]) == [(0, 2)]
    assert folded([first, *closed(letter, 1), again, *closed(letter, 3, ClosingState.DISCARDED)]) == []


def test_closing_is_of_one_endpoint() -> None:
    """The same event of another endpoint stays open."""
    other = buried(record(1), 1, endpoint="audit")
    assert folded([buried(record(1), 0), other, *closed(letter_at(1, 0), 2)]) == [(0, 1)]


def test_copies_are_one_letter() -> None:
    """Letters of one event in several partitions are offered once, and closed together."""
    records = [buried(record(1), 0, partition=0), buried(record(1), 5, partition=1), buried(record(1), 7, partition=0)]
    found, counts = OpenLetters(LetterSelection()), OpenCounts()
    for one in records:
        found.add(one)
        counts.add(one)
    (letter,) = found.letters()
    assert (letter.place, letter.copies) == ((0, 7), ((1, 5),))
    assert counts.by_endpoint() == {"ci": 1}
    assert folded([*records, *closed(letter, 9)]) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_fold_is_what_stands_behind_the_last_closing(steps: list[tuple[int, bool]]) -> None:
    """Whatever the order of letters and closings: open is what has a letter behind its last closing."""
    counts = OpenCounts()
    records, expected = [], dict[int, int]()
    for at, (offset, is_letter) in enumerate(steps):
        records += [buried(record(offset), at)] if is_letter else closed(letter_at(offset, 0), at)
        if is_letter:
            expected[offset] = at
        else:
            expected.pop(offset, None)
    assert sorted((0, at) for at in expected.values()) == sorted(folded(records))
    for one in records:
        counts.add(one)
    assert counts.by_endpoint().get("ci", 0) == len(expected)


def test_history_keeps_how_letters_were_closed() -> None:
    """For `explain`, a closed letter is remembered with its closing, and an open one comes before it."""
    history = LetterHistory(LetterSelection(event="0:1"))
    for one in (buried(record(1), 0), buried(record(2), 1), *closed(letter_at(1, 0), 2, ClosingState.DISCARDED)):
        history.add(one)
    (entry,) = history.entries().values()
    assert entry.closing is not None
    assert entry.closing.state == "discarded"
    history.add(buried(record(1), 3, partition=1))
    (entry,) = history.entries().values()
    assert entry.closing is None
    assert list(history.places()) == [(TOPIC, 0, 1)]


def test_selection() -> None:
    """What is said narrows; what is empty does not."""
    letter = letter_at(1, 4)
    assert LetterSelection().matches(letter)
    assert LetterSelection(endpoint="ci", reason="rejected", event="id-1").matches(letter)
    for other in (
        LetterSelection(endpoint="audit"),
        LetterSelection(reason="exhausted"),
        LetterSelection(event="id-2"),
    ):
        assert not other.matches(letter)
    ranges = ({0: range(5)}, {0: range(4)}, {1: range(9)})
    assert [True, False, False] == [SelectionWithin(LetterSelection(), span).matches(letter) for span in ranges]
    assert not SelectionWithin(LetterSelection(endpoint="audit"), ranges[0]).matches(letter)


@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 5_000)), max_size=40))
def test_rounds_hold_every_place_without_wide_gaps(places: set[tuple[int, int]]) -> None:
    """Each place is read once, one range of a partition at a time, and no more than 500 offsets between two of them."""
    read = [(partition, offset) for part in rounds(places) for partition, span in part.items() for offset in span]
    assert len(read) == len(set(read))
    assert places <= set(read)
    for part in rounds(places):
        for partition, span in part.items():
            wanted = sorted(offset for at, offset in places if at == partition and offset in span)
            assert (span.start, span.stop - 1) == (wanted[0], wanted[-1])
            assert all(after - before <= 501 for before, after in pairwise(wanted))


def test_order_is_that_of_the_log() -> None:
    """Letters go in the order of their events, however late one of them became a letter; partitions take turns."""
    letters = [letter_at(offset, at) for at, offset in enumerate((9, 3, 7))]
    other = parse_record(buried(record(1, partition=1), 50))
    assert isinstance(other, Letter)
    assert [(0, 3), (0, 7), (0, 9), (1, 1)] == [(one.partition, one.offset) for one in in_turns([*letters, other])]


def ready(letter: Letter) -> Ready:
    """A letter that can be sent."""
    return Ready(letter, record(letter.offset), Event())


def test_queue_lets_one_of_a_repository_go() -> None:
    """The second of a repository waits for the first; what a failed one leaves behind is given back."""
    letters = [letter_at(offset, offset) for offset in range(4)]
    queue = Queue(letters, ordered=True)
    first, second, third, last = map(ready, queue.next_unread(most=9, most_bytes=10**9))
    assert queue.put(first) is first
    assert (queue.put(second), queue.put(third)) == (None, None)
    assert (queue.waiting, queue.bytes) == (2, second.record.size + third.record.size)
    assert queue.done(first.letter) is second
    assert queue.failed(second.letter) == [third.letter]
    queue.block(second.letter)
    assert queue.blocker_of(last.letter) is second.letter
    assert (queue.under_way, queue.waiting, queue.bytes) == (0, 0, 0)


def test_queue_without_order() -> None:
    """An endpoint with `ordering: none` has its letters sent side by side."""
    letters = [letter_at(offset, offset) for offset in range(2)]
    queue = Queue(letters, ordered=False)
    assert all(queue.put(one) is one for one in map(ready, letters))


def test_block_lets_those_before_it_go() -> None:
    """A letter that cannot be read holds up what follows it, not what is in line before it."""
    first, second, broken = (letter_at(offset, offset) for offset in range(3))
    queue = Queue([first, second, broken], ordered=True)
    one, two = ready(first), ready(second)
    queue.put(one)
    queue.put(two)
    queue.block(broken)
    assert queue.done(first) is two
    assert queue.done(second) is None
    assert queue.under_way == 0


def test_next_unread_is_bounded() -> None:
    """So many letters and bytes at most are read at once, and at least one."""
    letters = [letter_at(offset, offset) for offset in range(5)]
    queue = Queue(letters, ordered=True)
    assert len(queue.next_unread(most=2, most_bytes=10**9)) == 2
    assert len(queue.next_unread(most=9, most_bytes=1)) == 1
    assert queue.unread == 2


@pytest.mark.parametrize(
    ("outcome", "tries"), [(Outcome.REJECTED, 1), (Outcome.FAILED, 1), (Outcome.UNAVAILABLE, 4), (Outcome.THROTTLED, 4)]
)
def test_tries(outcome: Outcome, tries: int) -> None:
    """Rejected or failed again: left at once; unavailable or throttled: after `attempts` tries."""
    made, policy = Tries(), RedrivePolicy(4)
    for number in range(1, tries + 1):
        reason = policy.count(made, outcome, deliveries=0, window_full=False, final_try=False)
        assert (reason is not None) is (number == tries)
    assert made.made == tries


def test_patience_is_one_letters_waits() -> None:
    """1 + 2 + 4 + 4 seconds for five tries with a backoff of 1 s up to 4 s."""
    endpoint = EndpointSettings(name="e", url="http://h/", backoff_s=1.0, max_backoff_s=4.0, attempts=5)
    assert patience_s(endpoint, Backoff(1.0, 4.0, lambda: 0.9)) == 11.0


def test_report_accounts_for_every_letter() -> None:
    """What was not come to is what is in no list; only a report without rest is complete."""
    one, two, three = (letter_at(offset, offset) for offset in range(3))
    report = RedriveReport("ci", 6, redriven=2, stopped="it was told to stop")
    report.failed.append((one, "exhausted: status 500"))
    report.skipped.append((two, one))
    report.undecodable.append((three, "no event"))
    assert (report.untouched, report.is_complete) == (1, False)
    assert report.as_json()["left"] == 1
    assert report.lines() == [
        "ci: 2 of 6 redriven",
        "  failed again: id-0 (0:0) team/app: exhausted: status 500",
        "  skipped: id-1 (0:1) team/app: behind id-0",
        "  cannot be redriven: id-2 (0:2) team/app: no event",
        "  1 left as they were: it was told to stop",
    ]
    assert RedriveReport("ci", 1, redriven=1).is_complete


def test_line_is_one_line() -> None:
    """Whatever an endpoint or a registry sent stays on the letter's line and does nothing to a terminal."""
    letter = parse_record(buried(record(1), 0, error="no\nanswer \x1b[2J"))
    assert isinstance(letter, Letter)
    line = line_of(letter)
    assert line == r"id-1  ci  rejected  0:1  team/app  1970-01-01T00:00:02.000Z  no\nanswer \x1b[2J"
    assert json.loads(json_line(letter, DEAD))["error"] == "no\nanswer \x1b[2J"


def test_shown_event_is_its_text() -> None:
    """The event's JSON is shown as it is, numbers of any length included, and one line in `--json`."""
    text = '{"id": "x", "n": 123456789012345678901234567890.10, "s": "\\ud800"}'
    event = Event(id="x", original=text)
    original = Record(TOPIC, 0, 1, 0, None, frame(CATALOG.latest.id, encode(event)), tuple(record_headers(event)))
    stored = buried(original, 0)
    letter = parse_record(stored)
    assert isinstance(letter, Letter)
    line = json_of(letter, stored, DEAD)
    assert "\n" not in line
    assert '"event": {"id":"x","n":123456789012345678901234567890.10,"s":"\\ud800"}}' in line
    assert '"n": 123456789012345678901234567890.10' in page_of(letter, stored, DEAD)


def test_shown_without_an_event() -> None:
    """Of a record that is no event the bytes are shown, and why it is none."""
    stored = buried(Record(TOPIC, 0, 1, 0, b"k", b"no event", ()), 0)
    letter = parse_record(stored)
    assert isinstance(letter, Letter)
    told = json.loads(json_of(letter, stored, DEAD))
    assert (told["event"], told["raw"]) == (None, "bm8gZXZlbnQ=")
    assert "framing byte is 0x6e" in told["undecodable"]
    assert "in base64: bm8gZXZlbnQ=" in page_of(letter, stored, DEAD)
