"""`make pictures` makes the pictures of the docs again: the worker's page over made-up facts, in a real browser.

They are committed, for whoever reads the docs where they lie; WebP, so that they stay small. Fonts and browsers differ,
so no test compares them.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from consumer.worker.page.facts import WorkerFacts
from tests.kit.browser import Browser, a_browser
from tests.kit.eventually import eventually
from tests.kit.page_facts import first_facts, some_facts
from tests.kit.page_server import PageServer
from tests.kit.paths import ROOT

FOLDER = ROOT / "docs" / "images"


class Picture(NamedTuple):
    """One picture; sizes in CSS pixels."""

    name: str
    facts: Callable[[], WorkerFacts]
    width: int
    height: int
    light: str


PICTURES = (
    Picture("status-page", some_facts, 1280, 1180, "light"),
    Picture("status-page-dark", some_facts, 1280, 1180, "dark"),
    Picture("status-page-phone", some_facts, 390, 844, "light"),
    Picture("status-page-first", first_facts, 1280, 760, "light"),
)


def main() -> None:
    """Makes all of them."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as profile,
        a_browser(Path(profile)) as browser,
        PageServer(some_facts()) as server,
    ):
        for picture in PICTURES:
            server.say(picture.facts())
            make(picture, browser, server)


def make(picture: Picture, browser: Browser, server: PageServer) -> None:
    """Makes one, as soon as the page is live."""
    browser.look(width=picture.width, light=picture.light)
    browser.open(server.url)
    eventually(lambda: server.mark in browser.asks("textOf", "footer"))
    eventually(lambda: browser.asks("textOf", "#live") == "Live")
    file = FOLDER / f"{picture.name}.webp"
    browser.part_of_picture(file, width=picture.width, height=picture.height)
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KiB")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
