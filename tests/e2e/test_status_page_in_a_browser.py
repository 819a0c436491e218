"""The worker's own page in a real browser: an endpoint that is away, whose address has no end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from broker import LocalKafka
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.browser import LIGHTS, WIDTHS, Browser, a_browser
from tests.kit.notifications import envelopes

pytestmark = pytest.mark.kafka

READABLE = 4.5
"""WCAG 2.2, 1.4.3: the least contrast of text."""


@pytest.fixture(scope="module")
def address(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a running worker with two endpoints: one that answers 503, one that has all it wants."""
    with Receiver() as away, Receiver() as up:
        away.answer(503)
        brisk = {"start": "beginning", "threshold": 1}
        ends = [endpoint("away", f"{away.url}/{'long-path' * 30}", **brisk), endpoint("up", up.url, **brisk)]
        setup = Installation(
            kafka.bootstrap, "test-status-page", tmp_path_factory.mktemp("worker"), partitions=1, endpoints=ends
        )
        setup.publish(*envelopes(1, 3))
        with setup.worker() as worker:
            yield f"{worker.wait_ready()}/"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests."""
    with a_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Browser:
    """The page, with the endpoint that is away marked on it."""

    def marked() -> bool:
        browser.open(address)
        return bool(browser.asks("count", ".bad") == 1)

    eventually(marked, 30, every=0.2)
    return browser


def test_it_is_one_request_without_a_complaint(page: Browser, address: str) -> None:
    """No icon is asked for, the console is empty, and the page says who waits and why."""
    assert {address} == set(page.requests())
    assert [] == page.console()
    assert "breaker open: status 503, " in page.asks("textOf", ".bad")


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_and_all_can_be_read(page: Browser, tmp_path: Path, width: int, light: str) -> None:
    """On a desk and a telephone, in both lights."""
    page.look(width=width, light=light)
    page.picture(tmp_path / f"status-{width}-{light}.png")
    assert [] == page.asks("sticksOut")
    assert [] == [found for found in page.asks("contrasts") if found[0] < READABLE]
    assert (page.asks("brightness") > 0.5) == (light == "light")


def test_its_links_lead_somewhere(page: Browser, address: str) -> None:
    """By the keyboard: the table's box, then the first link, which opens what it names."""

    def opened() -> bool:
        page.open(address)
        page.press(Keys.TAB, Keys.TAB)
        assert [0, True] == page.asks("focused", "a"), "the page came anew meanwhile"
        page.press(Keys.ENTER)
        return eventually(lambda: '"waits_because"' in page.asks("textOf", "body"), 2)

    assert eventually(opened)
