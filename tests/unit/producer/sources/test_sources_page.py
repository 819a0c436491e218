"""The page that says what each source tells, held against the samples of each."""

import re
from collections.abc import Callable, Mapping

import pytest

from producer.sources.formats import FORMATS
from runtime.config.source_settings import SourceFormat
from schemas import Event
from tests.kit.foreign_samples import samples
from tests.kit.paths import DOCS

ROW = re.compile(r"^\| \[[^\]]+\]\(sources/([a-z-]+)\.md\) \| (.+) \|$", re.MULTILINE)
HEAD = re.compile(r"^\| source \| (push .+) \|$", re.MULTILINE)
TOLD: Mapping[str, Callable[[Event], object]] = {
    "push": lambda event: event.action == "push",
    "pull": lambda event: event.action == "pull",
    "delete": lambda event: event.action == "delete",
    "tag": lambda event: event.target.tag,
    "digest": lambda event: event.target.digest,
    "media type": lambda event: event.target.media_type,
    "size": lambda event: event.target.size,
    "references": lambda event: event.target.references,
    "actor": lambda event: event.actor.name,
    "address": lambda event: event.request.addr,
    "user agent": lambda event: event.request.useragent,
    "time": lambda event: event.timestamp,
    "id": lambda event: event.id,
}
PAGE = (DOCS / "sources.md").read_text("utf-8")


def rows() -> dict[str, dict[str, str]]:
    """The cells of each source's row in the table of what it tells, by their column."""
    heads = HEAD.findall(PAGE)
    assert len(heads) == 1
    columns = heads[0].split(" | ")
    found = ((name, cells.split(" | ")) for name, cells in ROW.findall(PAGE))
    return {name: dict(zip(columns, cells, strict=True)) for name, cells in found if len(cells) == len(columns)}


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "cloudevents"])
def test_what_a_source_tells(name: SourceFormat) -> None:
    """A cell says yes if any sample of the format has the member, and is a dash if none has."""
    events = [event for one in samples(name) for event in FORMATS[name].read(one.post).events]
    told = {column: "yes" if any(map(has, events)) else "–" for column, has in TOLD.items()}
    assert rows()[name] == told


def test_every_format_has_a_page_and_a_row() -> None:
    """So that whoever has such a registry finds what it tells and lacks."""
    pages = {path.stem for path in (DOCS / "sources").glob("*.md")}
    assert pages == {*FORMATS, "distribution", "gitlab"}
    assert rows().keys() == pages - {"cloudevents"}
