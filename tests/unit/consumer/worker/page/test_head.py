"""The head of the page: one sentence for the worst, and what is known of all together."""

import pytest
from msgspec.structs import replace

from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.head import head_parts
from consumer.worker.page.states import EndpointState
from consumer.worker.page.text import UNKNOWN
from tests.kit.page_facts import calm_facts, first_facts, some_facts

CALM = calm_facts()


def of_states(*states: EndpointState) -> WorkerFacts:
    """A worker whose first endpoints are in these states."""
    changed = [replace(card, state=state) for card, state in zip(CALM.cards, states, strict=False)]
    return replace(CALM, cards=[*changed, *CALM.cards[len(changed) :]])


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (CALM, '<b class="good">All 6 endpoints get their events</b>'),
        (replace(CALM, cards=CALM.cards[:1]), '<b class="good">The endpoint gets its events</b>'),
        (replace(CALM, cards=[]), '<b class="calm">No endpoint is served</b>'),
        (first_facts(), '<b class="calm">Ready for the first event</b>'),
        (of_states(EndpointState.HELD), '<b class="warn">1 of 6 endpoints waits</b> <span>ci</span>'),
        (
            of_states(EndpointState.STANDBY),
            '<b class="calm">1 of 6 endpoints is served by other workers</b> <span>ci</span>',
        ),
        (
            of_states(EndpointState.STARTING, *[EndpointState.PAUSED] * 2),
            '<b class="calm">2 of 6 endpoints are paused</b> <span>scanner, audit-log</span>',
        ),
        (
            of_states(EndpointState.HELD, EndpointState.UNKNOWN),
            '<b class="unknown">1 of 6 endpoints is unknown</b> <span>scanner</span>',
        ),
        (
            of_states(EndpointState.HELD, EndpointState.UNKNOWN, *[EndpointState.FAILING] * 2),
            '<b class="bad">2 of 6 endpoints need you</b> <span>audit-log, mirror.eu-west</span>',
        ),
    ],
)
def test_the_verdict(facts: WorkerFacts, wanted: str) -> None:
    """The worst, with names."""
    assert wanted == head_parts(facts)["verdict"]


def test_what_waits_is_at_least_what_is_known() -> None:
    """Marked as such; unknown if nothing is known of any."""
    cards = [replace(CALM.cards[0], lag=3), replace(CALM.cards[1], lag=None)]
    assert head_parts(replace(CALM, cards=cards))["waiting"] == "<small>≥&thinsp;</small>3"
    assert head_parts(replace(CALM, cards=cards[1:]))["waiting"] == UNKNOWN
    assert "0" == head_parts(CALM)["waiting"]


def test_the_oldest_is_at_least_as_old_as_is_known() -> None:
    """Marked as such where something waits whose age is not known; unknown if no age is known."""
    known, unknown = replace(CALM.cards[0], lag=3, oldest_ms=1_000), replace(CALM.cards[1], lag=2)
    for cards, begins in (
        ([known, CALM.cards[2]], "oldest <time"),
        ([known, unknown], "oldest <small>≥&thinsp;</small><time"),
        ([unknown, CALM.cards[2]], f"oldest {UNKNOWN}"),
        ([CALM.cards[2]], "nothing waits"),
    ):
        assert head_parts(replace(CALM, cards=cards))["oldest"].startswith(begins)


def test_dead_letters() -> None:
    """The open ones, if they are known of all."""
    cards = [replace(CALM.cards[0], open_letters={"rejected": 2}), replace(CALM.cards[1], letters={"exhausted": 5})]
    made = head_parts(replace(CALM, cards=cards))
    assert ("2", "open") == (made["letters"], made["letters-note"])
    made = head_parts(replace(CALM, cards=[replace(cards[0], open_letters=None, letters=None), cards[1]]))
    assert ("<small>≥&thinsp;</small>5", "since this worker started") == (made["letters"], made["letters-note"])


def test_counts_and_troubles() -> None:
    """Of tones, for the chips; and why the process is not ready, some of it if there is much."""
    made = head_parts(replace(some_facts(), not_ready=[f"reason {number} <" for number in range(20)]))
    assert ["14", "4", "4", "1", "3", "2"] == [
        made[f"count-{tones}"] for tones in ("all", "bad", "warn", "unknown", "calm", "good")
    ]
    assert "reason 11 &lt;" in made["trouble"]
    assert "reason 12" not in made["trouble"]
    assert "and 8 more" in made["trouble"]
    assert "" == head_parts(CALM)["trouble"]
