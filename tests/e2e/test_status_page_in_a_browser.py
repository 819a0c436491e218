"""The worker's own page in a real browser: on made-up facts of every state, and of a real worker."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from selenium.webdriver.common.keys import Keys

from broker import LocalKafka
from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.states import EndpointState
from consumer.worker.page.text import age
from tests.kit import Receiver, eventually
from tests.kit.axe import violations
from tests.kit.bridge import Installation, endpoint
from tests.kit.browser import LIGHTS, Browser, a_browser
from tests.kit.notifications import envelopes
from tests.kit.page_facts import LONG, calm_facts, first_facts, many_facts, some_facts
from tests.kit.page_server import PageServer

pytestmark = pytest.mark.timeout(1800)  # a browser is slow on a busy machine, and its scripts may take minutes
READABLE = 4.5
"""WCAG 2.2, 1.4.3: the least contrast of text."""
WIDTHS = (2560, 1280, 360)
"""Of a wall, a desk and a small telephone, in CSS pixels."""
PEAKLESS = "no minute known yet"
PEAKS = ("accepted-peak", "delivered-peak")
FACTS = {"bad day": some_facts, "calm": calm_facts, "first": first_facts}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests."""
    with a_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[PageServer]:
    """One for all tests that change only what it says."""
    with PageServer(some_facts()) as up:
        yield up


@pytest.fixture
def server(shared: PageServer) -> PageServer:
    """On a bad day."""
    shared.say(some_facts())
    return shared


@pytest.fixture
def page(browser: Browser, server: PageServer) -> Browser:
    """The page on a bad day, live, on a desk in the light."""
    return opened(browser, server)


def opened(browser: Browser, server: PageServer, fragment: str = "") -> Browser:
    """The page, as soon as it is live and shows what the worker says."""
    browser.look()
    browser.open(f"{server.url}{fragment}")
    eventually(lambda: browser.asks("textOf", "#live") == "Live")
    eventually(lambda: server.mark in browser.asks("textOf", "footer"))
    return browser


def shown(browser: Browser) -> list[str]:
    """The names of the endpoints that are shown, in their order."""
    return [box["text"] for box in browser.asks("boxes", ".card h3")]


def found(pattern: str, text: str) -> list[Any]:
    """Each place of a text that fits: its groups."""
    return re.findall(pattern, text)


def card(facts: WorkerFacts, name: str, **others: object) -> WorkerFacts:
    """The same facts, but of this endpoint others."""
    return replace(facts, cards=[replace(one, **others) if one.endpoint == name else one for one in facts.cards])


def peaks(browser: Browser) -> set[str]:
    """The texts of the two peaks: of what comes in, and of what goes out."""
    return {browser.asks("textOf", f"[data-page={name}]") for name in PEAKS}


def test_it_asks_for_itself_and_its_stream_alone(page: Browser, server: PageServer) -> None:
    """No font, no icon, nothing that its own policy had to stop; a script in an answer is text."""
    first, stream, *others = page.requests()
    assert first == server.url
    assert stream.startswith(f"{server.url}live/")
    assert others == []
    assert [] == page.console()
    page.asks("openAll")
    eventually(lambda: page.asks("textOf", "main").count("<script>window.ran=1") > 14)
    assert page.asks("value", "ran") is None


@pytest.mark.parametrize("facts", FACTS)
def test_it_can_be_read(browser: Browser, server: PageServer, facts: str) -> None:
    """On a wall, a desk and a telephone, in both lights: nothing sticks out, all has contrast; axe finds nothing."""
    server.say(FACTS[facts]())
    page = opened(browser, server)
    for width, light in product(WIDTHS, LIGHTS):
        page.asks("closeAll")
        page.look(width=width, light=light)
        assert [] == page.asks("sticksOut"), (width, light)
        page.asks("openAll")
        assert [] == page.asks("sticksOut"), (width, light)
        assert [] == [found for found in page.asks("contrasts") if found[0] < READABLE], (width, light)
        assert (page.asks("brightness") > 0.5) == (light == "light")
    assert [] == violations(page)


def test_the_worst_stand_first(page: Browser) -> None:
    """By state; the reader may sort otherwise."""
    assert ["scanner", "lost", "mirror.eu-west", "half", LONG] == shown(page)[:5]
    page.choose("#sort", "waiting")
    assert ["search-index", "scanner"] == shown(page)[:2]
    page.choose("#sort", "name")
    assert ["audit-log", "billing"] == shown(page)[:2]


def test_it_shows_what_changes(page: Browser, server: PageServer) -> None:
    """Within seconds, where it stood; an open table stays open, and what has the focus keeps it."""
    page.asks("openAll")
    page.asks("focus", "[data-name=ci] a")
    eventually(lambda: "ago" in page.asks("textOf", "[data-name=ci] tbody"))
    before, asked = shown(page), server.asked
    server.say(card(server.facts, "ci", state=EndpointState.FAILING, lag=123_456))
    eventually(lambda: "123,456" in page.asks("textOf", "[data-name=ci]"))
    assert "failing" in page.asks("textOf", "[data-name=ci]")
    assert "5 of 14 endpoints need you" in page.asks("textOf", ".verdict")
    assert page.asks("isOpen", "[data-name=ci] details")
    assert page.asks("focused", "[data-name=ci] a")[0] == 0
    eventually(lambda: server.asked > asked)
    assert before == shown(page), "cards move while one of them has the focus"
    page.asks("focus", "#search")
    server.say(card(server.facts, "ci", lag=7))
    eventually(lambda: shown(page)[:2] == ["ci", "scanner"])


def test_only_what_changed_is_sent(page: Browser, server: PageServer) -> None:
    """The elements of other cards, and of other parts, are the same ones as before."""
    page.asks("mark", "[data-part] > *")
    server.say(card(server.facts, "ci", lag=88))
    eventually(lambda: "88" in page.asks("textOf", "[data-name=ci]"))
    assert page.asks("unmarked", "[data-name]:not([data-name=ci]) [data-part] > *") == 0
    assert page.asks("unmarked", "[data-name=ci] [data-part] > *") == 1


def test_a_filter_and_a_link_show_one(browser: Browser, server: PageServer) -> None:
    """Words of name, address and state; tones; and a fragment, which opens the card and gives it the focus."""
    page = opened(browser, server)
    page.asks("focus", "#search")
    page.press(*"relay unknown")
    assert [LONG] == shown(page)
    page.press(*" nothing")
    assert [] == shown(page)
    assert "No endpoint fits the filter." in page.asks("textOf", "#cards")
    page.press(Keys.ESCAPE)
    page.click("input[value=warn]")
    assert {"chat-ops", "search-index", "held", "retried"} == set(shown(page))
    opened(browser, server, "#endpoint/chat-ops")
    assert page.asks("isOpen", "[data-name=chat-ops] details")
    assert page.asks("focused", "[data-name=chat-ops]") == [0, True]


def test_the_keyboard_is_enough(page: Browser) -> None:
    """Tab comes to every link, field and table, each with a mark to see; / goes to the filter."""
    page.asks("openAll")
    selector = "a, input[type=search], select, summary, .scroll"
    reached, unmarked = set(), []
    for _ in range(page.asks("count", selector) + 5):
        page.press(Keys.TAB)
        at, marked = page.asks("focused", selector)
        if at >= 0:
            reached.add(at)
            unmarked += [] if marked else [at]
    assert set(page.asks("reachable", selector)) <= reached
    assert [] == unmarked
    page.asks("focus", ".card h3 a")
    page.press("/")
    assert page.asks("focused", "#search") == [0, True]


def test_without_script_it_is_a_page(browser: Browser, server: PageServer) -> None:
    """All is there as of the moment of asking, ages too; tools that need the script are not shown."""
    with browser.without_script():
        browser.look()
        browser.open(server.url)
        text = browser.source()
    asked_ms = int(found(r'data-now="(\d+)"', text)[0])
    ages = found(r'<time data-since="(\d+)"[^>]*>([^<]*)</time>', text)
    assert len(ages) > 10
    assert [shown for _, shown in ages] == [age((asked_ms - int(moment)) / 1000) for moment, _ in ages]
    assert "scanner" in text
    assert '<fieldset class="chips" data-script="" hidden="">' in text


def test_a_broken_stream_is_said(browser: Browser) -> None:
    """That it broke, and of when the page is; and when the worker is back, the page is too."""
    with PageServer(some_facts()) as mortal:
        page = opened(browser, mortal)
        mortal.stop()
        eventually(lambda: "What you see is from " in page.asks("textOf", "#live"))
        assert page.asks("count", "body.stale") == 1
        mortal.say(calm_facts())
        mortal.start()
        eventually(lambda: page.asks("textOf", "#live") == "Live")
        assert "All 6 endpoints get their events" in page.asks("textOf", ".verdict")


def test_another_set_of_endpoints_is_another_page(page: Browser, server: PageServer) -> None:
    """After a reload of the configuration, say."""
    server.say(calm_facts())
    eventually(lambda: page.asks("count", ".card") == 6)


def test_two_hundred_endpoints(browser: Browser, server: PageServer) -> None:
    """Are shown, filtered and kept up to date in the time of a few."""
    server.say(many_facts(200))
    page = opened(browser, server)
    assert [] == page.asks("sticksOut")
    assert 200 == len(shown(page))
    page.asks("focus", "#search")
    page.press(*"scanner")
    assert len(shown(page)) < 20
    page.asks("openAll")
    eventually(lambda: page.asks("count", ".card:not([hidden]) tbody tr") == 20 * len(shown(page)))
    name = server.facts.cards[3].endpoint
    server.say(card(server.facts, name, lag=4321))
    eventually(lambda: "4,321" in page.asks("allTextOf", f"[data-name='{name}'] [data-part=lag]"))


@pytest.mark.kafka
def test_of_a_real_worker(browser: Browser, kafka: LocalKafka, tmp_path: Path) -> None:
    """What comes in and goes out is counted; an endpoint that fails says why, since when, and when it is tried next."""
    with Receiver() as away, Receiver() as up:
        away.answer(503, body=b"come back later\nplease")
        brisk = {"start": "beginning", "threshold": 1}
        ends = [endpoint("up", up.url, **brisk), endpoint("away", away.url, **brisk)]
        setup = Installation(kafka.bootstrap, "test-status-page", tmp_path / "worker", partitions=1, endpoints=ends)
        setup.publish(*envelopes(1, 3))
        with setup.worker() as worker:
            browser.look()
            browser.open(f"{worker.wait_ready()}/")
            eventually(lambda: "failing" in browser.asks("textOf", "[data-name=away]"))
            assert "1 of 2 endpoints needs you" in browser.asks("textOf", ".verdict")
            assert "status 503" in browser.asks("textOf", "[data-name=away] [data-part=breaker]")
            eventually(lambda: "caught up" in browser.asks("textOf", "[data-name=up]"))
            eventually(lambda: browser.asks("textOf", "[data-name=up] [data-part=lag]") == "0")
            assert shown(browser) == ["away", "up"]
            # What came before the first count that is kept is nobody's growth.
            eventually(lambda: PEAKLESS not in peaks(browser))
            setup.publish(*envelopes(2, 5))
            eventually(lambda: not {PEAKLESS, "peak 0/s"} & peaks(browser))
            assert [] == browser.console()
