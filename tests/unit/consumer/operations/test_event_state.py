"""What has become of an event for an endpoint: every state, and which of two wins."""

import dataclasses

import pytest
from msgspec.structs import replace

from consumer.attempts.repeat import repeat_of
from consumer.dead_letters.folds import Entry
from consumer.dead_letters.letter import Closing, Letter
from consumer.endpoint.live_status import EndpointAnswer
from consumer.offsets.cursor import Cursor
from consumer.operations.endpoint_positions import PartitionPosition
from consumer.operations.event_state import EventState, StateAtEndpoint, state_at
from consumer.operations.explain import Explanation, explained_by_letters, is_named, letters_of
from consumer.operations.known_attempts import KnownAttempts
from consumer.operations.serving import Serving
from consumer.record import Record
from runtime.config import EndpointSettings
from runtime.kafka.cluster_state import GroupMembers, Member
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event, Target
from schemas.headers import record_headers
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED

CI = EndpointSettings(name="ci", url="http://h/", ignored_actions=frozenset({"pull"}))
PUSH = Event(id="one", action="push", target=Target(repository="team/app", tag="v1"))
PULL = Event(id="one", action="pull", target=Target(repository="team/app"))
POSITION = PartitionPosition(0, Cursor(10, (10, 12), 15, 20), has_cursor=True)
ALONE = GroupMembers((Member("10.0.0.1", (0,)),), "consumer")
SERVED = Serving(ALONE, EndpointAnswer("closed", partitions=(0,)))
UNKNOWN = KnownAttempts()
LETTER = Letter(
    place=(0, 3),
    endpoint="ci",
    topic="t",
    partition=0,
    offset=11,
    reason="rejected",
    status="422",
    error="status 422",
    attempts="3",
    first_attempt="",
    last_attempt="",
    event_id="one",
    webhook_id="one",
    mark="one",
    repository="team/app",
    key=b"team/app",
    written_ms=1_000,
    size=1,
)


def found_state(
    offset: int,
    event: Event | None = PUSH,
    *,
    endpoint: EndpointSettings = CI,
    position: PartitionPosition = POSITION,
    letter: Entry | None = None,
    serving: Serving = SERVED,
    attempts: KnownAttempts = UNKNOWN,
) -> tuple[EventState, str]:
    """The state, without the endpoint's name."""
    found = state_at(offset, event, endpoint, position=position, letter=letter, serving=serving, attempts=attempts)
    assert found.endpoint == "ci"
    return found.state, found.why


@pytest.mark.parametrize(
    ("offset", "state"),
    [
        (9, EventState.FINISHED),
        (10, EventState.WAITING),
        (11, EventState.FINISHED),
        (12, EventState.WAITING),
        (15, EventState.FINISHED),
        (16, EventState.WAITING),
    ],
)
def test_cursor_decides(offset: int, state: EventState) -> None:
    """Below the offset and between the holes all is finished; holes, and what lies above, wait."""
    assert found_state(offset)[0] is state


def test_waiting_says_why() -> None:
    """What the worker says, what lies before it, and that nobody answers or serves it."""
    answer = EndpointAnswer("open", ("breaker open: status 503, next try in 41 s",), (0,))
    why = found_state(17, serving=Serving(ALONE, answer))[1]
    assert why == "breaker open: status 503, next try in 41 s; at most 3 unfinished before it in its partition"
    assert found_state(12)[1] == "being delivered; 1 unfinished before it in its partition"
    assert found_state(10, serving=Serving())[1] == "no worker serves it; it is the next event of its partition"
    assert found_state(10, serving=Serving(ALONE, unreachable_because="h:1 does not answer"))[1] == (
        "partition 0: served from 10.0.0.1 by a worker that was not asked (h:1 does not answer); "
        "it is the next event of its partition"
    )


def test_attempts_that_are_known() -> None:
    """A finished event was delivered by one; the last try of one that waits comes before all other reasons."""
    assert found_state(11, attempts=KnownAttempts([EXPECTED])) == (
        EventState.FINISHED,
        "delivered at 2023-11-14T22:13:20.250Z, at try 2, status 202 in 125ms: thanks",
    )
    failed = replace(EXPECTED, outcome="failed", status=500, answer="", next_try_s=4.0)
    assert found_state(12, attempts=KnownAttempts([failed]))[1] == (
        "try 2 at 2023-11-14T22:13:20.250Z failed with status 500 in 125ms; being delivered; "
        "1 unfinished before it in its partition"
    )


def test_a_duplicate() -> None:
    """An event that a worker left out as a repeat is told with the one that the endpoint has."""
    known = KnownAttempts(repeats=[repeat_of("ci", Record("t", 0, 11, 0, None, None), "0:7", 1_700_000_000.25)])
    deduping = dataclasses.replace(CI, dedupe_s=600.0)
    assert found_state(11, endpoint=deduping, attempts=known) == (
        EventState.DUPLICATE,
        "left out at 2023-11-14T22:13:20.250Z: the endpoint has the same event, 0:7, within 10m (dedupe)",
    )
    assert found_state(12, endpoint=deduping, attempts=known)[0] is EventState.WAITING


def test_disabled() -> None:
    """A disabled endpoint's events wait because it is disabled, whoever does not answer."""
    disabled = EndpointSettings(name="ci", url="http://h/", disabled=True)
    why = found_state(10, endpoint=disabled, serving=Serving(unreachable_because="nobody"))[1]
    assert why == "the endpoint is disabled; it is the next event of its partition"


def test_filtered_names_the_rule() -> None:
    """What the endpoint did not ask for is filtered, before and after its turn."""
    assert found_state(11, PULL) == (EventState.FILTERED, "by ignore.actions")
    assert found_state(17, PULL) == (EventState.FILTERED, "by ignore.actions; the cursor has not passed it yet")


def test_undecodable_waits_for_its_letter() -> None:
    """A record without an event is judged by the cursor."""
    assert found_state(17, None)[0] is EventState.WAITING
    assert found_state(11, None)[0] is EventState.FINISHED


def test_not_started() -> None:
    """Without a cursor, the endpoint's `start` decides what it will get."""
    position = PartitionPosition(0, Cursor(10, (), -1, 20), has_cursor=False)
    assert found_state(9, position=position)[0] is EventState.NEVER
    assert found_state(10, position=position)[1].startswith(
        "the endpoint has not started yet; its start includes this event"
    )


def test_letter_comes_first() -> None:
    """A letter decides, whatever the cursor and the rules say: open, redriven or discarded."""
    why = "rejected: status 422, after 3 attempts"
    assert found_state(17, PULL, letter=Entry(LETTER)) == (
        EventState.DEAD_LETTER,
        f"{why}, at 1970-01-01T00:00:01.000Z",
    )
    answered = found_state(17, letter=Entry(LETTER, answer="no such project"))
    assert answered[1].endswith("Z; the last answer: no such project")
    for closed, state in (("redriven", EventState.REDRIVEN), ("discarded", EventState.DISCARDED)):
        closing = Closing((0, 4), LETTER.address, LETTER.mark, closed, 2_000)
        expected = (state, f"at 1970-01-01T00:00:02.000Z; it was a dead letter: {why}")
        assert expected == found_state(11, letter=Entry(LETTER, closing))


def stored(event: Event) -> Record:
    """The event's record."""
    return Record("t", 0, 1, 0, None, frame(CATALOG.latest.id, encode(event)), tuple(record_headers(event)))


def test_event_is_named_by_either_id() -> None:
    """An operator has the event's id from the registry or the webhook-id from a receiver."""
    assert is_named(stored(PUSH), "one")
    odd = stored(Event(id="with.a.dot"))
    webhook_id = dict(odd.headers)["ce_id"]
    assert webhook_id is not None
    assert is_named(odd, "with.a.dot")
    assert is_named(odd, webhook_id.decode())
    assert not is_named(odd, "two")
    assert not is_named(Record("t", 0, 1, 0, None, b"no event", ()), "")


def test_letters_are_of_the_event_that_lies_there() -> None:
    """A topic that was made anew has another event at the place: it has no letter, and the old one is told alone."""
    old, new = stored(PUSH), stored(Event(id="two"))
    letter = Entry(dataclasses.replace(LETTER, offset=1))
    assert (letters_of(old, [letter]), letters_of(new, [letter])) == ({"ci": letter}, {})
    at = (new.topic, new.partition, new.offset)
    assert explained_by_letters([letter], {at: old}) == []
    (gone,) = explained_by_letters([letter], {at: new})
    assert gone.lines()[:2] == ["t/0/1", "  no event    the log no longer has it; its id is one"]
    assert [state.endpoint for state in gone.states] == ["ci"]


def test_a_letter_that_could_not_keep_its_event() -> None:
    """It is of what lies at its place: it can say no more."""
    letter = Entry(dataclasses.replace(LETTER, offset=1, mark=""))
    assert letters_of(stored(PUSH), [letter]) == {"ci": letter}
    assert letters_of(replace(stored(PUSH), offset=2), [letter]) == {}


def test_lines() -> None:
    """The place, the event's facts, and a line for each endpoint."""
    told = Explanation("t/0/1", stored(PUSH), PUSH, "", [StateAtEndpoint("ci", EventState.FILTERED, "by tags")])
    assert told.lines() == [
        "t/0/1",
        "  accepted    1970-01-01T00:00:00.000Z",
        "  id          one",
        "  action      push",
        "  repository  team/app",
        "  tag         v1",
        "  ENDPOINT  STATE     WHY",
        "  ci        filtered  by tags",
    ]
