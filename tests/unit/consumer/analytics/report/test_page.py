"""The report as shown: on a terminal, in JSON, and as a page, which the standard library's parser reads here.

How a browser shows the page is tests/e2e/test_report_in_a_browser.py.
"""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from consumer.analytics.report import LogReport, page_of, text_of
from consumer.analytics.report.cells import shown, size
from consumer.analytics.report.charts import _round_up
from consumer.analytics.report.questions import QUESTIONS
from tests.kit.parquet_rows import report_of, row, undecodable

A = f"sha256:{'a' * 64}"
EVIL = "<script>alert(1)</script>\"'&\x1b[31m\u202e"
SHOWN = "<script>alert(1)</script>\"'&\\x1b[31m\\u202e"
VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """What is in a page; refuses one whose elements do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that ends at once."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It must be the one that began last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text that a reader sees."""
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> LogReport:
    """Of a registry with something in every answer, and a client that means ill."""
    evil: dict[str, Any] = {"repository": EVIL, "user_agent": EVIL, "actor": EVIL, "client_ip": EVIL}
    rows = [
        row("push", "manifest", tag=EVIL, digest=A, **evil),
        row("pull", "manifest", tag=EVIL, digest=A, at=86_400 * 3, **evil),
        row("push", "blob", digest=A, size_bytes=5 << 30, at=60, **evil),
        row("pull", "blob", digest=A, size_bytes=5 << 30, at=61, **evil),
        row("mount", "blob", digest=A, size_bytes=5, from_repository=EVIL, at=62, **evil),
        row("delete", "tag", tag=EVIL, at=63, registry="eu", source_instance=EVIL, **evil),
        row("scan", "manifest", tag=EVIL, at=64, registry="eu", source_format="harbor", **evil),
        undecodable(at=65),
    ]
    return report_of(tmp_path_factory.mktemp("report"), rows, tag=EVIL)


def test_the_page_is_whole_and_has_every_answer(report: LogReport) -> None:
    """Its elements nest, and each question has its section with a heading and a table."""
    page = Page(page_of(report))
    sections = {attributes["id"] for attributes in page.named("section")}
    assert {question.name for question in QUESTIONS} - {"window"} == sections
    assert len(sections) == len(page.named("table"))


def test_the_page_loads_nothing_and_runs_nothing(report: LogReport) -> None:
    """No script, no address, no handler; and its own policy forbids them."""
    text = page_of(report)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {tag for tag, _ in page.elements}
    loading = {"src", "href", "srcset", "action", "data", "xlink:href"}
    assert not [
        name
        for tag, attributes in page.elements
        for name in attributes
        if (name in loading and tag != "a") or name.startswith("on")
    ]
    assert all(str(link["href"]).startswith("#") for link in page.named("a"))
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'; style-src 'unsafe-inline'" in [meta.get("content") for meta in page.named("meta")]


def test_the_page_links_to_each_of_its_parts(report: LogReport) -> None:
    """In the order in which they stand."""
    page = Page(page_of(report))
    assert [f"#{section['id']}" for section in page.named("section")] == [link["href"] for link in page.named("a")]


def test_the_page_says_which_window_it_covers(report: LogReport) -> None:
    """The events' own times, and when they were accepted."""
    covered = next(text for text in Page(page_of(report)).texts if text.startswith("Events of "))
    assert "Events of 2026-11-02" in covered
    assert ", accepted from 2026-11-02" in covered


def test_what_a_client_sent_stands_in_the_page_as_text(report: LogReport) -> None:
    """Markup as its characters, control and direction characters as escapes, in texts and in titles."""
    page = Page(page_of(report))
    assert SHOWN in page.texts
    assert SHOWN in [attributes.get("title") for attributes in page.named("span")]
    assert "\x1b" not in page_of(report)
    assert "\u202e" not in page_of(report)


def test_the_page_has_both_lights(report: LogReport) -> None:
    """It follows the reader's light and dark."""
    assert "prefers-color-scheme: dark" in page_of(report)


def test_days_without_anything_have_their_place(report: LogReport) -> None:
    """The first and the last day are three days apart: a column for two, room for four."""
    titles = [
        text
        for text in Page(page_of(report)).texts
        if text.startswith("2026-11-0") and "image" not in text and "pull" in text
    ]
    assert ["2026-11-02: 0 pull, 1 push, 1 mount, 1 delete", "2026-11-05: 1 pull, 0 push, 0 mount, 0 delete"] == titles


def test_a_clock_that_is_wrong_by_ages_spoils_no_chart(tmp_path: Path) -> None:
    """Its day is in the table, and the chart has only days that can be."""
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    rows = [row("delete", "tag", tag="v1"), row("delete", "tag", tag="v1", event_time=far)]
    text = page_of(report_of(tmp_path, rows))
    assert "<title>2026-11-02: 0 pull, 0 push, 0 mount, 1 delete</title>" in text
    assert "<title>9999-12-31" not in text
    assert ">9999-12-31</td>" in text


def test_bars_are_as_long_as_their_numbers(report: LogReport) -> None:
    """5 GiB served and 5 GiB pushed: two bars of full length."""
    text = page_of(report)
    section = text[text.index('id="bytes_by_repository"') :]
    assert (
        '<span class="bar pull" style="width:100.00%"></span><span class="bar push" style="width:100.00%">' in section
    )
    assert "5.0 GiB / 5.0 GiB" in section


def test_an_empty_report_is_a_page(tmp_path: Path) -> None:
    """Nothing to draw is no fault."""
    page = Page(page_of(report_of(tmp_path, [])))
    assert "No records match the selection." in page.texts


def test_the_terminal_shows_and_does_nothing(report: LogReport) -> None:
    """No control character reaches it but the ends of lines; digests and bytes are short."""
    text = text_of(report)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "5.0 GiB" in text
    assert "sha256:aaaaaaaaaaaa " in text


def test_numbers_stand_to_the_right_of_their_columns(tmp_path: Path) -> None:
    """9 pulls stand under the last digit of 10, and under the end of their heading."""
    rows = [row("pull", "manifest", tag="t10", digest=A, at=60 * n) for n in range(10)]
    rows += [row("pull", "manifest", tag="t9", digest=A[:-1] + "b", at=60 * n) for n in range(9)]
    lines = text_of(report_of(tmp_path, rows, "most_pulled_tags", "window")).splitlines()
    head, *body = (line.partition("  addresses")[0] for line in lines if "pulls 7 days" in line or "team/app" in line)
    assert [len(head)] * 2 == [len(line[: len(head)].rstrip()) for line in body]
    assert ["10", "9"] == [line[: len(head)].split()[-1] for line in body]


def test_a_long_table_says_what_it_leaves_out(tmp_path: Path) -> None:
    """20 rows on the terminal; the rest is counted."""
    rows = [row("delete", "tag", tag=f"t{n}") for n in range(25)]
    assert "... and 5 more (--json has them)" in text_of(report_of(tmp_path, rows, "deletes"))


OPEN = "no pulls: without a label, hub (docker-hub), quay"


def test_a_question_names_the_sources_that_leave_it_open(tmp_path: Path) -> None:
    """On the terminal and on the page, by what is missing; a format that its label says is not said again."""
    sources = (("hub", "docker-hub"), ("quay", "quay"), (None, None))
    rows = [row("push", "manifest", tag="v1", registry=label, source_format=format_) for label, format_ in sources]
    report = report_of(tmp_path, rows)
    assert f"\nleft open: {OPEN}\n" in text_of(report)
    page = Page(page_of(report))
    assert f"Left open: {OPEN}." in page.texts
    assert {"class": "open"} in page.named("p")


def test_what_nobody_knows_is_drawn_as_nothing(tmp_path: Path) -> None:
    """Pulls of a source that sends none, and moves of a tag without digests: a dash, and no bar."""
    rows = [row("push", "manifest", tag="v1", registry="hub", source_format="docker-hub")]
    page = Page(page_of(report_of(tmp_path, rows)))
    assert "1 / -" in page.texts


def test_one_is_said_in_the_singular(tmp_path: Path) -> None:
    """On the cards and in the squares of the week: one pull of one repository."""
    page = page_of(report_of(tmp_path, [row("pull", "manifest", tag="v1", digest=A)]))
    assert {"image pull", "repository pulled", "record", "Mon 12:00, 1 pull"} <= set(Page(page).texts)


def test_each_source_has_one_row_of_what_it_leaves_open(tmp_path: Path) -> None:
    """On the terminal: how many questions, and all that is missing for them; the questions say it one by one."""
    rows = [
        row("push", "manifest", tag="v1", registry=f"hub{number}", source_format="docker-hub", actor="ann")
        for number in range(19)
    ]
    text = text_of(report_of(tmp_path, rows, "left_open", "window"))
    lines = text[text.index("QUESTIONS THAT A SOURCE") :].split("\n\n")[0].splitlines()
    assert ["registry", "source", "format", "questions", "missing"] == lines[1].split()
    assert [f"hub{number}" for number in sorted(range(19), key=str)] == [line.split()[0] for line in lines[2:]]
    assert lines[2].endswith("  blobs, deletes, digests, digests of pushed tags, pulls, sizes of blobs")


def test_json_is_one_object_of_all_answers(report: LogReport) -> None:
    """Each answer is a list of objects, times RFC 3339; what a client sent is as it was."""
    found: dict[str, Any] = json.loads(json.dumps(report.as_json()))
    assert {question.name for question in QUESTIONS} == set(found["answers"])
    assert {"registries": [], "repositories": [], "tag": EVIL, "all": False} == found["asked"]
    assert EVIL == found["answers"]["deletes"][0]["repository"]
    assert "2026-11-02T12:01:03Z" == found["answers"]["deletes"][0]["happened_at"]
    assert "2026-11-05" == found["answers"]["activity_by_day"][0]["day"]
    assert {} == found["truncated"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 30, "5.0 GiB"), (1 << 80, "1048576.0 EiB")],
)
def test_sizes(number: int, text: str) -> None:
    """Binary units with one digit."""
    assert text == size(number)


def test_cells() -> None:
    """Nothing is a dash, numbers have thousands, a digest is short only where it is one."""
    cells = [("pulls", None), ("pulls", 1234), ("digest", A), ("tag", A), ("in_index", True), ("bytes_served", 2048)]
    assert ["-", "1,234", "sha256:aaaaaaaaaaaa", A, "yes", "2.0 KiB"] == [shown(*cell) for cell in cells]


@pytest.mark.parametrize(
    ("number", "top"), [(0, 2), (1, 2), (3, 4), (5, 6), (11, 20), (21, 30), (41, 60), (101, 150), (301, 400)]
)
def test_the_scale_of_days_is_round(number: int, top: float) -> None:
    """Its top and its half can be named."""
    assert top == _round_up(number)
