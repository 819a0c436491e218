"""The parts of a card: each says what is known, and is made again only where its facts are others."""

import pytest
from msgspec.structs import replace

from consumer.worker.page.facts import EndpointCard
from consumer.worker.page.merging import KnownEndpoint
from consumer.worker.page.parts import PARTS, CardParts
from consumer.worker.page.text import UNKNOWN
from tests.kit.page_facts import HOSTILE, some_facts

CARDS = {card.endpoint: card for card in some_facts().cards}


def parts(card: EndpointCard) -> dict[str, str]:
    """All parts of a card."""
    return CardParts().changed(card)


def test_only_what_changed_is_made_again() -> None:
    """The parts whose facts are others."""
    made, card = CardParts(), CARDS["ci"]
    assert {part.name for part in PARTS} == made.changed(card).keys()
    assert {} == made.changed(card)
    assert {"lag": '<data value="15">15</data>'}.items() <= made.changed(replace(card, lag=15)).items()
    assert {"flight"} == made.changed(replace(card, lag=15, in_flight=7)).keys()


@pytest.mark.parametrize("name", CARDS)
def test_no_text_of_others_is_markup(name: str) -> None:
    """Whatever an endpoint is called, or answers."""
    card = replace(CARDS[name], endpoint=HOSTILE, url=HOSTILE, reasons=(HOSTILE,))
    assert [] == [part for part, text in parts(card).items() if "<img" in text or "<script" in text]


def test_what_nobody_knows_is_unknown() -> None:
    """And nothing is 0 for that."""
    made = parts(KnownEndpoint("ci", "http://x", "g").unknown())
    for name in ("lag", "oldest", "rate", "breaker", "failure", "letters", "flight", "window"):
        assert UNKNOWN in made[name], name
    assert "unknown" in made["state"]


def test_the_commands_act_on_the_reasons() -> None:
    """One for each, for the shell; none without dead letters."""
    one = parts(replace(CARDS["ci"], endpoint="it's", open_letters={"rejected": 1}))["commands"]
    assert (
        "<code>registry-worker dead-letters list --endpoint &#x27;it&#x27;&quot;&#x27;&quot;&#x27;s&#x27;</code>" in one
    )
    assert "redrive --endpoint" in one
    several = parts(CARDS["mirror.eu-west"])["commands"]
    assert "redrive --reason exhausted --endpoint mirror.eu-west" in several
    assert "redrive --reason rejected --endpoint mirror.eu-west" in several
    assert "" == parts(CARDS["ci"])["commands"]


def test_open_letters_count_where_they_are_known() -> None:
    """Else those that this worker has written, which is said."""
    card = replace(CARDS["ci"], letters={"rejected": 4})
    assert '<span class="none">none open</span>' == parts(card)["letters"]
    assert "<b>4</b> rejected since this worker started" == parts(replace(card, open_letters=None))["letters"]
    assert "<b>12</b> rejected, <b>3</b> exhausted open" == parts(CARDS["mirror.eu-west"])["letters"]
    assert "" == parts(card)["commands"]


def test_what_waits_can_be_tried_now() -> None:
    """By a command, and only where something waits for its time or for an operator."""
    assert "<code>registry-worker resume --endpoint scanner</code>" == parts(CARDS["scanner"])["resume"]
    assert ["", ""] == [parts(CARDS[name])["resume"] for name in ("ci", "mirror.eu-west")]


def test_the_group() -> None:
    """Who has what, and what nobody has."""
    made = parts(CARDS["search-index"])
    assert '6 of 12 here; 2 members in its group; <strong class="bad">nobody has partition 11</strong>' == made["group"]
    assert "<li>10.2.0.14 (this worker): 0–5</li><li>10.2.0.15: 6–10</li>" in made["members"]
    assert "all 12, by this worker alone" == parts(CARDS["ci"])["group"]


def test_the_last_error() -> None:
    """With the first line of the answer."""
    made = parts(CARDS["scanner"])
    assert made["failure"].startswith("<b>status 503</b>, <time data-since=")
    assert "<q>upstream connect error" in made["failure"]
    assert "none since this worker started" in parts(CARDS["ci"])["failure"]


def test_answers_of_a_quiet_endpoint() -> None:
    """The last hour counts where there was none in the last minutes; and none is none."""
    assert ("last hour", "last 5 min") == (parts(CARDS["scanner"])["window"], parts(CARDS["ci"])["window"])
    assert "none in the last hour" == parts(CARDS["standby-eu"])["window"]
