"""The whole page: complete without script, closed to everything else, and safe whatever an endpoint is called."""

import asyncio
import base64
import dataclasses
import re
from hashlib import sha256

import pytest
from msgspec.structs import replace

from consumer.worker.page.document import PageSettings, SourceAddress, page_of, policy
from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.live import LivePages
from tests.kit.page_facts import HOSTILE, calm_facts, first_facts, some_facts
from tests.kit.page_server import SETTINGS
from tests.kit.still_clock import StillClock


def page(facts: WorkerFacts, settings: PageSettings = SETTINGS) -> str:
    """The page of this worker, some years later."""

    class Worker:
        async def look(self) -> WorkerFacts:
            return facts

    async def made() -> str:
        live = LivePages(Worker(), StillClock(), asyncio.Event())
        await live.refresh()
        return page_of(settings, live.board, {"ci": "<tr></tr>"}, version=live.version, now_ms=2_000_000_000_000)

    return asyncio.run(made())


@pytest.mark.parametrize("kind", ["style", "script"])
def test_its_policy_knows_what_is_in_it(kind: str) -> None:
    """By hash; nothing else may run or be asked for, and nobody may frame it."""
    (content,) = re.findall(f"<{kind}>(.*?)</{kind}>", page(calm_facts()), re.DOTALL)
    digest = base64.b64encode(sha256(content.encode()).digest()).decode()
    assert f"{kind}-src 'sha256-{digest}'" in policy()
    assert "default-src 'none'" in policy()
    assert "frame-ancestors 'none'" in policy()
    assert "unsafe" not in policy()


def test_it_is_complete() -> None:
    """Every endpoint has its card, every part its place, every moment its age."""
    text = page(some_facts())
    assert 14 == text.count('<article class="card"')
    assert "<tbody><tr></tr></tbody>" in text
    assert '<a href="attempt-rows/scanner">Show them</a>' in text
    assert "></time>" not in text
    assert "{" not in re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL).replace("{&quot;", "")


def test_a_name_is_text() -> None:
    """In the card, in its id and in the link to it."""
    cards = [replace(card, endpoint=HOSTILE + '" b') for card in calm_facts().cards[:1]]
    text = page(replace(calm_facts(), cards=cards))
    assert "<img" not in text
    assert 'href="#endpoint/%3Cimg%20src%3Dx%20onerror' in text
    assert 'id="endpoint/%3Cimg%20src%3Dx%20onerror' in text


def test_before_the_first_event() -> None:
    """It says what to do; later this is there and hidden."""
    assert '<section class="first" id="first" aria-labelledby="first-head">' in page(first_facts())
    assert "url: http://127.0.0.1:5050/events" in page(first_facts())
    assert '<section class="first" id="first" aria-labelledby="first-head" hidden>' in page(calm_facts())


def test_sources_are_named_before_the_first_event() -> None:
    """With the address of each, in place of what a registry is told that sends envelopes."""
    sources = (
        SourceAddress("eu", "harbor", "http://127.0.0.1:5050/events/eu"),
        SourceAddress("hub", "docker-hub", "http://127.0.0.1:5050/events/hub?token=..."),
    )
    text = page(first_facts(), dataclasses.replace(SETTINGS, sources=sources))
    assert "eu (harbor):<code>http://127.0.0.1:5050/events/eu</code>" in text
    assert "hub (docker-hub):<code>http://127.0.0.1:5050/events/hub?token=...</code>" in text
    assert "notifications:" not in text
    assert "notifications:" in page(first_facts())


def test_without_endpoints() -> None:
    """It says what to do, too."""
    assert "This worker serves no endpoint. Add one" in page(replace(calm_facts(), cards=[]))
