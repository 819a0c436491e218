"""The state of an endpoint in a word: the worst that is true of it; each state has a tone, and they stand in order."""

from itertools import pairwise

import pytest

from consumer.endpoint.reasons import Blocked, Facts
from consumer.log.listener import NOT_YET
from consumer.worker.page.states import LATE_S, EndpointState, Tone, state_of

UPGRADE = Blocked(3, upgrade_needed="a newer schema")
SCHEMA = Blocked(3, schema_id=7)
FULL = Blocked(3, base=12)
OPEN = "status 503"


def state(facts: Facts, **others: object) -> EndpointState:
    """The state of a worker that has a partition and knows Kafka, but for what is said otherwise."""
    known = {"unreachable": False, "unserved": False, "partitions": 1, "age_s": None}
    return state_of(facts, **{**known, **others})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "others", "wanted"),
    [
        (Facts(lag=0), {}, EndpointState.CAUGHT_UP),
        (Facts(lag=0, in_flight=1), {}, EndpointState.DELIVERING),
        (Facts(lag=5), {"age_s": LATE_S - 1}, EndpointState.DELIVERING),
        (Facts(lag=5), {"age_s": LATE_S}, EndpointState.BEHIND),
        (Facts(lag=5, delay=600.0, held_back=9.0), {"age_s": LATE_S + 599}, EndpointState.DELIVERING),
        (Facts(lag=5, delay=600.0, held_back=9.0), {"age_s": LATE_S + 600}, EndpointState.BEHIND),
        (Facts(lag=0), {"partitions": 0}, EndpointState.STANDBY),
        (Facts(lag=5, retrying=1), {"age_s": 999.0}, EndpointState.RETRYING),
        (Facts(lag=5, blocked=(FULL,)), {}, EndpointState.RETRYING),
        (Facts(lag=5, held=3.0, retrying=1), {}, EndpointState.HELD),
        (Facts(lag=5, only_refused=True, held=3.0, breaker=OPEN), {}, EndpointState.REFUSING),
        (Facts(lag=5, only_refused=True, breaker=OPEN), {"unserved": True}, EndpointState.UNSERVED),
        (Facts(lag=5, blocked=(UPGRADE,)), {"unserved": True}, EndpointState.BLOCKED),
        (Facts(lag=5, blocked=(SCHEMA,)), {}, EndpointState.BLOCKED),
        (Facts(lag=5, schema_troubles=("no answer",)), {}, EndpointState.BLOCKED),
        (Facts(lag=5, burying=1, unwritten_because="no topic"), {}, EndpointState.BLOCKED),
        (Facts(lag=5, unwritten_because="no topic"), {}, EndpointState.DELIVERING),
        (Facts(lag=5, blocked=(UPGRADE,), breaker=OPEN), {}, EndpointState.FAILING),
        (Facts(lag=5, fault="gone", breaker=OPEN), {}, EndpointState.NOT_READING),
        (Facts(lag=0, fault=NOT_YET), {}, EndpointState.STARTING),
        (Facts(lag=5, paused="by an operator", breaker=OPEN), {"unserved": True}, EndpointState.PAUSED),
        (Facts(lag=5, paused="by an operator", breaker=OPEN), {"unreachable": True}, EndpointState.UNKNOWN),
    ],
)
def test_a_state(facts: Facts, others: dict[str, object], wanted: EndpointState) -> None:
    """The first that fits."""
    assert wanted is state(facts, **others)


def test_worst_first() -> None:
    """The ranks ascend in the order in which the states stand, and so does what they ask of an operator."""
    assert all(one.rank + 1 == other.rank for one, other in pairwise(EndpointState))
    tones = [state.tone for state in EndpointState]
    assert tones[0] is Tone.BAD
    assert max(at for at, tone in enumerate(tones) if tone is Tone.BAD) < tones.index(Tone.WARN)
    assert max(at for at, tone in enumerate(tones) if tone is Tone.WARN) < tones.index(Tone.GOOD)
