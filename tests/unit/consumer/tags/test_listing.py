"""Listing tags: what is known of them, what is not, and since when nobody uses one."""

import json
from typing import Any, Final

import pytest
from msgspec.structs import replace

from consumer.filters.globs import Globs
from consumer.tags.listing import ListedTag, ReadPartition, TagSelection, listed, table_of
from consumer.tags.rows import KeptRow, Position, PullingSource, RepositoryPlace, Tag
from runtime.cli.tables import Look

DAY_US: Final = 86_400_000_000
NOW_US: Final = 1000 * DAY_US
ALL: Final = TagSelection(Globs([]))
PULLS: Final = PullingSource(registry="", source_format="", last_pulled_us=NOW_US, offset=1)
PUSHED: Final = Tag(
    place=RepositoryPlace("", "team/app"),
    tag="v1",
    digest="sha256:a",
    pushed_us=DAY_US,
    first_pushed_us=DAY_US,
    offset=5,
)


def partition(*rows: KeptRow, begin: int = 0, end: int = 10, held_back: int = 0, **position: Any) -> ReadPartition:
    """A partition that was read to its end, unless it says otherwise."""
    at = Position(**{"offset": 9, "topic_id": "t", "read_up_to_us": 900 * DAY_US, **position})
    return ReadPartition([*rows, at], "t", range(begin, end), end - held_back, NOW_US)


def one(*rows: KeptRow, **position: Any) -> ListedTag:
    """The only tag of a partition."""
    (found,) = listed({0: partition(*rows, **position)}, ALL)
    return found


def test_what_nobody_uses_is_unused_since_its_first_push() -> None:
    """Or since its last use; a later push of it is no use."""
    again = replace(PUSHED, pushed_us=5 * DAY_US)
    assert one(again, PULLS).unused_since_us == DAY_US
    assert one(replace(again, last_used_us=3 * DAY_US), PULLS).unused_since_us == 3 * DAY_US


def test_a_source_without_pulls_leaves_use_unknown() -> None:
    """Neither 0 pulls nor unused; pulls of another source do not show it."""
    for others in ((), (replace(PULLS, registry="eu"),), (replace(PULLS, source_format="harbor"),)):
        found = one(PUSHED, *others)
        assert (found.pulls, found.unused_since_us) == (None, None)
        assert not found.is_unused_for(DAY_US)
    assert one(PUSHED, PULLS).pulls == 0


def test_a_tag_without_a_push_is_never_unused() -> None:
    """Its uses may be older than the log."""
    pulled = Tag(place=PUSHED.place, tag="v1", last_used_us=DAY_US, pulls=3, offset=5)
    found = one(pulled, PULLS)
    assert (found.pulls, found.unused_since_us) == (3, None)


def test_sources_of_all_partitions_count() -> None:
    """A repository that nobody pulls is in another partition than those that show the source's pulls."""
    found = listed({0: partition(PUSHED), 1: partition(PULLS)}, ALL)
    assert [tag.pulls for tag in found] == [0]


@pytest.mark.parametrize(
    ("position", "days"),
    [
        ({}, 999),
        ({"end": 11}, 899),
        ({"end": 11, "held_back": 1}, 899),
        ({"topic_id": "other"}, 899),
        ({"topic_id": "other", "end": 0}, 899),
        ({"topic_id": None}, 999),
        ({"begin": 10}, 999),
        ({"begin": 11, "end": 11}, 899),
        ({"whole_since_us": 600 * DAY_US}, 400),
        ({"whole_since_us": 600 * DAY_US, "end": 11}, 300),
    ],
)
def test_unused_is_what_the_log_shows(position: dict[str, Any], days: int) -> None:
    """Up to the last record that was read, and since the last gap; a topic's id that is not known shows no gap."""
    found = one(PUSHED, PULLS, **position)
    assert found.is_unused_for(days * DAY_US)
    assert not found.is_unused_for(days * DAY_US + 1)


def test_what_is_behind_an_open_transaction_is_not_read() -> None:
    """It counts as unread, and it is said apart: nothing that anybody starts reads it now."""
    held = partition(end=14, held_back=4)
    assert (held.unread, held.held_back) == (4, 4)
    both = partition(end=14, held_back=3)
    assert (both.unread, both.held_back) == (4, 3)
    assert partition(end=8, held_back=0).held_back == 0


def test_a_position_of_the_future_says_nothing() -> None:
    """Whoever wrote that record had a wrong clock: up to when the log was read is not known."""
    assert one(PUSHED, PULLS, end=11, read_up_to_us=NOW_US + 1).unused_since_us is None


def test_silence_is_not_disuse() -> None:
    """A source that sends no pulls any more may be used: what is known ends with its last pull, of any repository."""
    silent = replace(PULLS, last_pulled_us=50 * DAY_US)
    assert one(PUSHED, silent).is_unused_for(49 * DAY_US)
    assert not one(PUSHED, silent).is_unused_for(49 * DAY_US + 1)
    elsewhere = replace(PULLS, last_pulled_us=60 * DAY_US)
    for rows in ((silent, elsewhere), (elsewhere, silent)):
        (found,) = listed({0: partition(PUSHED, rows[0]), 1: partition(rows[1])}, ALL)
        assert found.is_unused_for(59 * DAY_US)
        assert not found.is_unused_for(59 * DAY_US + 1)
    assert not one(PUSHED, silent, replace(PULLS, registry="eu")).is_unused_for(50 * DAY_US)


def test_unused_is_not_pushed_either() -> None:
    """What was pushed lately is not asked for, however long nobody pulled it."""
    found = one(replace(PUSHED, pushed_us=NOW_US - DAY_US), PULLS)
    assert found.unused_since_us == DAY_US
    assert not found.is_unused_for(2 * DAY_US)


def test_selection() -> None:
    """By repository, registry and use; tags of signatures only if they are asked for."""
    rows: list[KeptRow] = [
        PUSHED,
        replace(PUSHED, place=RepositoryPlace("eu", "team/app")),
        replace(PUSHED, place=RepositoryPlace("", "base/os")),
        replace(PUSHED, tag=f"sha256-{64 * 'a'}.sig"),
        PULLS,
    ]
    partitions = {0: partition(*rows)}

    def names(selection: TagSelection) -> list[tuple[str, str, int]]:
        return [(*tag.row.place, len(tag.row.tag)) for tag in listed(partitions, selection)]

    assert names(ALL) == [("", "base/os", 2), ("", "team/app", 2), ("eu", "team/app", 2)]
    assert names(TagSelection(Globs(["team/*"]), "")) == [("", "team/app", 2)]
    assert names(TagSelection(Globs([]), "eu")) == [("eu", "team/app", 2)]
    assert names(TagSelection(Globs(["team/*"]), "", everything=True)) == [("", "team/app", 75), ("", "team/app", 2)]
    assert names(TagSelection(Globs([]), unused_us=DAY_US)) == [("", "base/os", 2), ("", "team/app", 2)]


def test_json_and_table_say_what_is_not_known() -> None:
    """Null there, a word here."""
    told = json.loads(json.dumps(one(PUSHED).as_json()))
    assert told == {
        "registry": None,
        "repository": "team/app",
        "tag": "v1",
        "digest": "sha256:a",
        "media_type": None,
        "size": None,
        "pushed_at": "1970-01-02T00:00:00.000Z",
        "pushed_by": None,
        "first_pushed_at": "1970-01-02T00:00:00.000Z",
        "last_pulled_at": None,
        "last_pulled_by": None,
        "last_used_at": None,
        "pulls": None,
        "unused_since": None,
    }
    head, row = table_of([one(PUSHED)], Look()).splitlines()
    assert head.split("  ")[0] == "REPOSITORY"
    times = "1970-01-02T00:00:00.000Z", "-", "unknown", "-"
    assert row.split() == ["team/app", "v1", "sha256:a", *times, "unknown", "unknown"]


def test_a_tag_whose_digest_another_tag_uses_is_not_unused() -> None:
    """Whoever deletes the digest would take the other away; not so in another repository, or without a digest."""
    used = replace(PUSHED, tag="used", last_used_us=999 * DAY_US)
    elsewhere = replace(PUSHED, place=RepositoryPlace("", "team/other"))
    unknown = [replace(used, tag="used-2", digest=None), replace(PUSHED, tag="v2", digest=None)]
    found = listed(
        {0: partition(used, PUSHED, elsewhere, *unknown, PULLS)}, TagSelection(Globs([]), unused_us=90 * DAY_US)
    )
    assert [(tag.row.place.repository, tag.row.tag) for tag in found] == [("team/app", "v2"), ("team/other", "v1")]


def test_the_repository_stands_as_it_is_asked_for() -> None:
    """A label has a column of its own, if there are any."""
    labelled = replace(PUSHED, place=RepositoryPlace("eu", "team/app"))
    head, *rows = table_of(listed({0: partition(PUSHED, labelled, PULLS)}, ALL), Look()).splitlines()
    assert head.split()[:2] == ["REGISTRY", "REPOSITORY"]
    assert [row.split()[:2] for row in rows] == [["-", "team/app"], ["eu", "team/app"]]
