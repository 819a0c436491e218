"""The report's page in a real browser: a month of events, hostile texts and endless names among them.

A picture of each width and light is left in the test's folder for whoever wants to look.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from consumer.analytics.report import LogReport, page_of
from tests.kit.browser import LIGHTS, PAPER, WIDTHS, Browser, a_browser
from tests.kit.eventually import eventually
from tests.kit.month import DAYS, RAN, SCRIPT, month
from tests.kit.parquet_rows import report_of

pytestmark = pytest.mark.timeout(1800)  # a browser is slow on a busy machine, and its scripts may take minutes
READABLE = 4.5
"""WCAG 2.2, 1.4.3: the least contrast of text."""
BARS = 12
KINDS = ("pulls", "pushes", "mounts", "deletes")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LENGTHS = {
    "most_pulled_repositories": ("pulls_30_days", "pulls_7_days"),
    "most_pulled_tags": ("pulls_30_days", "pulls_7_days"),
    "bytes_by_repository": ("bytes_served", "bytes_pushed"),
    "bytes_by_client": ("bytes_served", "bytes_pushed"),
    "tag_churn": ("moves",),
    "pushes_against_pulls": ("pushes", "pulls"),
    "mounts_against_pushes": ("mounts", "pushes"),
    "actors": ("pulls", "pushes", "deletes"),
}
"""By question, the columns that its bars are as long as."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> LogReport:
    """What the page is of."""
    return report_of(tmp_path_factory.mktemp("report"), month(), tag="v1.2")


@pytest.fixture(scope="module")
def address(report: LogReport, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the page, as a file."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page_of(report), "utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests."""
    with a_browser(tmp_path_factory.mktemp("profile")) as up:
        yield up


@pytest.fixture
def page(browser: Browser, address: str) -> Browser:
    """The page, opened anew on a desk in the light."""
    browser.look()
    browser.open(address)
    return browser


def numbers(report: LogReport, question: str) -> list[list[Any]]:
    """What a question's bars are to show: a list a row, those rows without anything left out; what is unknown is 0."""
    rows = [[row[column] or 0 for column in LENGTHS[question]] for row in report.answers[question].records()[:BARS]]
    return [row for row in rows if any(row)]


def by_client(report: LogReport) -> list[list[int]]:
    """The same for the clients, whose versions are drawn together."""
    pulls, pushes = Counter[str](), Counter[str]()
    for row in report.answers["clients"].records():
        name = str(row["client"] or "(not said)")
        pulls[name] += row["pulls"]  # type: ignore[assignment, operator]
        pushes[name] += row["pushes"]  # type: ignore[assignment, operator]
    most = sorted(pulls, key=lambda name: -(pulls[name] + pushes[name]))
    return [[pulls[name], pushes[name]] for name in most[:BARS]]


def check_lengths(wanted: Sequence[Sequence[float]], drawn: Sequence[dict[str, Any]]) -> None:
    """Each number above 0 has a bar, in proportion to the longest to a pixel, and never less than a pixel."""
    assert len(wanted) == len(drawn)
    longest = max(number for row in wanted for number in row)
    for row, track in zip(wanted, drawn, strict=True):
        lengths = [max(1.0, track["width"] * number / longest) for number in row if number]
        assert lengths == pytest.approx([bar["width"] for bar in track["children"]], abs=1.0)
        assert all(bar["height"] > 4 and bar["colour"] != track["colour"] for bar in track["children"])


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two boxes have more than a line between letters in common."""
    across = min(one["right"], other["right"]) - max(one["x"], other["x"])
    down = min(one["bottom"], other["bottom"]) - max(one["y"], other["y"])
    return bool(across > 1 and down > 3)


def test_only_the_file_itself_is_asked_for(page: Browser, address: str) -> None:
    """Opening the page is one request, for the page: no font, no icon, no address of anybody."""
    assert [address] == page.requests()
    assert [] == page.asks("resources")


def test_the_console_stays_empty(page: Browser) -> None:
    """No error, no warning, nothing that the page's own policy had to stop."""
    page.asks("openAll")
    assert [] == page.console()


def test_no_script_runs(page: Browser) -> None:
    """Those planted in names are text, which is there to be read."""
    assert page.asks("textOf", "body").count(SCRIPT) >= 2
    assert page.asks("value", RAN) is None
    assert 0 == page.asks("count", "script, img")


def test_every_question_has_its_heading_and_can_be_seen(page: Browser, report: LogReport) -> None:
    """All sections, in one column or two, each with a title that no other has."""
    sections: list[dict[str, Any]] = page.asks("boxes", "section")
    titles = {
        name: f"Who still pulls {report.asked['tag']}" if name == "who_pulls_tag" else answer.question.title
        for name, answer in report.answers.items()
        if name != "window"
    }
    assert titles == {one["id"]: one["children"][0]["text"] for one in sections}
    assert [] == [one["id"] for one in sections if min(one["width"], one["height"]) < 60]
    assert len(sections) == page.asks("count", "section > h2:first-child")


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_are_as_long_as_their_numbers(page: Browser, report: LogReport, width: int) -> None:
    """Those of every question: the number twice as large has the bar twice as long."""
    page.look(width=width)
    wanted = {question: numbers(report, question) for question in LENGTHS} | {"clients": by_client(report)}
    for question, rows in wanted.items():
        check_lengths(rows, page.asks("boxes", f"#{question} .track"))
    assert sum(map(len, wanted.values())) == page.asks("count", ".track")


@pytest.mark.parametrize("width", WIDTHS)
def test_days_are_as_high_as_their_numbers(page: Browser, report: LogReport, width: int) -> None:
    """Each day of the month has its place, from left to right; each kind its height, stacked without gap or overlap."""
    page.look(width=width)
    rows = sorted(report.answers["activity_by_day"].records(), key=lambda row: str(row["day"]))
    drawn: list[dict[str, Any]] = page.asks("boxes", "#activity_by_day svg g")
    assert [str(row["day"]) for row in rows] == [one["title"].partition(":")[0] for one in drawn]
    counts = [[int(str(row[kind])) for kind in KINDS] for row in rows]
    heights = [[box["height"] for box in one["children"]] for one in drawn]
    pixels = max(map(sum, heights)) / max(map(sum, counts))
    assert pixels > 1
    for count, height in zip(counts, heights, strict=True):
        assert [number * pixels for number in count] == pytest.approx(height, abs=0.5)
    assert all(box["width"] > 4 for one in drawn for box in one["children"])
    for one in drawn:
        tops = [box["y"] for box in one["children"]]
        assert tops[:-1] == pytest.approx([box["bottom"] for box in one["children"][1:]], abs=0.5)
    lefts = [one["children"][0]["x"] for one in drawn]
    apart = (lefts[-1] - lefts[0]) / (DAYS - 1)
    first = rows[0]["day"]
    at = [lefts[0] + apart * (row["day"] - first).days for row in rows]  # type: ignore[operator, union-attr]
    assert at == pytest.approx(lefts, abs=1.0)


def test_hours_are_as_strong_as_their_numbers(page: Browser, report: LogReport) -> None:
    """Seven rows of 24 squares; the one with more pulls is never the paler, and one without any is empty."""
    pulls = {
        f"{WEEKDAYS[int(str(row['weekday'])) - 1]} {row['hour']:02}:00": int(str(row["pulls"]))
        for row in report.answers["activity_by_hour"].records()
    }
    squares: list[dict[str, Any]] = page.asks("boxes", "#activity_by_hour rect")
    assert 7 * 24 == len({(square["x"], square["y"]) for square in squares})
    assert all(min(square["width"], square["height"]) > 8 for square in squares)
    found = [(pulls.get(square["title"].partition(",")[0], 0), square) for square in squares]
    assert sum(pulls.values()) == sum(number for number, _ in found) > 0
    assert all((number == 0) == ("empty" in square["name"]) for number, square in found)
    strong = sorted((number, float(square["opacity"])) for number, square in found if number)
    assert [opacity for _, opacity in strong] == sorted(opacity for _, opacity in strong)
    assert strong[0][1] < strong[-1][1] == 1


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_and_all_can_be_read(page: Browser, tmp_path: Path, width: int, light: str) -> None:
    """All tables open, both lights: only tables scroll, each in its box; a cell that is cut says all in its title."""
    page.look(width=width, light=light)
    page.picture(tmp_path / f"report-{width}-{light}.png")
    page.asks("openAll")
    assert [] == page.asks("sticksOut")
    assert [] == [found for found in page.asks("contrasts") if found[0] < READABLE]
    assert (page.asks("brightness") > 0.5) == (light == "light")


@pytest.mark.parametrize("width", [WIDTHS[0], WIDTHS[-1]])
def test_labels_stand_beside_each_other(page: Browser, width: int) -> None:
    """Letters of a chart are large enough to read, on a telephone too, and no two labels overlap."""
    page.look(width=width)
    labels: list[dict[str, Any]] = page.asks("boxes", ".days span, svg text, .legend span, .value, .card *")
    assert len(labels) > 50
    assert [] == [one["text"] for one in labels if one["height"] < 11]
    pairs = [(one["text"], other["text"]) for one, other in combinations(labels, 2) if overlap(one, other)]
    assert [] == pairs


def test_the_keyboard_is_enough(page: Browser) -> None:
    """Tab reaches each link and summary, with a mark to see; Enter opens and closes; arrows scroll an open table."""
    summaries = page.asks("count", "summary")
    assert summaries == page.asks("count", "details") > 10
    reached, unmarked = set(), []
    for _ in range(3 * summaries):
        page.press(Keys.TAB)
        at, marked = page.asks("focused", "nav a, summary, .scroll")
        if at < 0:
            break
        reached.add(at)
        if not marked:
            unmarked.append(at)
    assert [] == unmarked
    assert set(page.asks("reachable", "nav a, summary, .scroll")) == reached
    page.asks("focus", "#activity_by_day summary")
    found = [page.asks("isOpen", "#activity_by_day details")]
    for key in (Keys.ENTER, Keys.SPACE):
        page.press(key)
        found.append(page.asks("isOpen", "#activity_by_day details"))
    assert [False, True, False] == found
    page.look(width=WIDTHS[-1])
    page.asks("focus", "#who_pulls_tag .scroll")
    page.press(Keys.END)
    eventually(lambda: page.asks("scrolled", "#who_pulls_tag .scroll") > 0)


def test_paper_has_all_of_an_open_table(page: Browser, tmp_path: Path) -> None:
    """No cell is cut, nothing scrolls, bars keep their colour, and paper is white though the reader has it dark."""
    page.look(width=PAPER, medium="print", light="dark")
    page.picture(tmp_path / "report-print.png")
    page.asks("openAll")
    assert [] == page.asks("sticksOut")
    assert [] == page.asks("cut", ".scroll, th, td")
    assert ["exact"] == page.asks("styles", ".bar, .track, .legend i", "printColorAdjust")
    assert 1 == page.asks("brightness")
    assert [] == [found for found in page.asks("contrasts") if found[0] < READABLE]


def test_a_page_of_nothing_is_a_page(browser: Browser, tmp_path: Path) -> None:
    """A report of no events: it says so, nothing is empty without a word."""
    file = tmp_path / "empty.html"
    file.write_text(page_of(report_of(tmp_path, [])), "utf-8")
    browser.look(width=WIDTHS[-1])
    browser.open(file.as_uri())
    assert [] == browser.asks("sticksOut")
    assert "No records match the selection." in browser.asks("textOf", "main")
    assert [] == browser.console()
