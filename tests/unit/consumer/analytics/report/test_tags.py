"""The report's answers on tags and the topic of tags say the same, each in its own way: SQL, and a fold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import permutations, product
from pathlib import Path
from typing import Any, Final

import pytest

from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.rows import Tag
from consumer.tags.tag_event import TagEvent, tag_event_of
from runtime.rfc3339 import rfc3339_ms
from schemas.event import ActorRecord, Descriptor, Event, RequestRecord, Target
from tests.kit.month import month
from tests.kit.parquet_rows import answers_of, row
from tests.kit.uses_of_images import uses_of_images

Rows = Sequence[dict[str, Any]]
Name = tuple[str, str, str]
"""Registry, repository, tag."""
IMAGES: Final = ("manifest", "index")
A, B = "sha256:a", "sha256:b"
DELETES: Final[Sequence[dict[str, Any]]] = ({"tag": "v1"}, {"digest": A}, {})


def event_of(row: dict[str, Any]) -> Event:
    """The event that an exported row came from, as far as it matters here."""
    text = defaultdict(str, {name: value or "" for name, value in row.items()})
    happened = row.get("event_time")
    return Event(
        id=text["event_id"],
        timestamp="" if happened is None else happened.isoformat(),
        action=text["action"],
        target=Target(
            media_type=text["media_type"],
            digest=text["digest"],
            repository=text["repository"],
            tag=text["tag"],
            references=[Descriptor(digest=child["digest"]) for child in row.get("refs") or ()],
        ),
        request=RequestRecord(addr=text["client_ip"], method=text["request_method"], useragent=text["user_agent"]),
        actor=ActorRecord(name=text["actor"]),
        registry=text["registry"],
        source_format=text["source_format"],
    )


def tag_event(row: dict[str, Any], offset: int) -> TagEvent | None:
    """What the fold reads of a row."""
    if row.get("raw"):
        return None
    accepted_ms = int(row["accepted_at"].timestamp() * 1000)
    return tag_event_of(event_of(row), Record("events", 0, offset, accepted_ms, None, None))


def folded(rows: Rows) -> dict[Name, tuple[str, ...]]:
    """First push, last push and last use of the tags that are there, by the fold."""
    fold = TagFold([], None)
    for offset, one in enumerate(rows):
        fold.read(offset, 0, tag_event(one, offset))
    tags = [kept for kept in fold.take_changes().values() if isinstance(kept, Tag)]
    return {(*tag.place, tag.tag): _times(tag.first_pushed_us, tag.pushed_us, tag.last_used_us) for tag in tags}


def reported(folder: Path, rows: Rows) -> dict[Name, tuple[str, ...]]:
    """The same by the report."""
    answers = answers_of(folder, rows, "last_use_of_tags", everything=True)["last_use_of_tags"]
    return {
        (one["registry"] or "", one["repository"], one["tag"]): _times(
            *(_us(one[name]) for name in ("first_push", "last_push", "last_use"))
        )
        for one in answers
        if one["deleted"] is None
    }


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.replace(tzinfo=UTC).timestamp() * 1_000_000)


def _times(*us: int | None) -> tuple[str, ...]:
    """To the millisecond, as records say when they were accepted."""
    return tuple("never" if one is None else rfc3339_ms(one // 1000) or "" for one in us)


def in_order(rows: Iterable[dict[str, Any]]) -> Rows:
    """The rows as a log has them, each with an id."""
    ordered = sorted(rows, key=lambda one: one["accepted_at"])
    return [one | {"event_id": one.get("event_id", f"id-{offset}")} for offset, one in enumerate(ordered)]


def by_tag(rows: Rows) -> Rows:
    """Without what names an image by its digest alone, but for deletes."""
    return [one for one in rows if one.get("action") == "delete" or one.get("tag") or one["kind"] not in IMAGES]


def deletes_of_what_is_there(rows: Rows) -> Rows:
    """The digest of each 40th push is deleted half a second later."""
    pushes = [one for one in rows if one.get("action") == "push" and one.get("tag") and one.get("digest")]
    return [
        row("delete", "unknown", registry=one["registry"], repository=one["repository"], digest=one["digest"])
        | {name: one[name].replace(microsecond=999_000) for name in ("accepted_at", "event_time")}
        for one in pushes[::40]
    ]


@pytest.mark.parametrize("rows", [month(), by_tag(uses_of_images())], ids=["month", "uses"])
def test_the_same_tags_are_there_with_the_same_pushes_and_uses(tmp_path: Path, rows: Rows) -> None:
    """Over weeks of manifests and indexes, with deletes by tag, by digest and of repositories, and repeats."""
    log = in_order([*rows, *deletes_of_what_is_there(rows)])
    expected = folded(log)
    assert len(expected) > 40
    assert reported(tmp_path, log) == expected


def test_of_events_at_one_moment_the_log_has_the_order(tmp_path: Path) -> None:
    """A second with a push, a delete and a pull, in each order; the tag was there before, and may move."""
    rows: list[dict[str, Any]] = []
    for number, (order, delete, digest) in enumerate(product(permutations(range(3)), DELETES, (A, B))):
        seen = {"repository": f"team/{number}", "tag": "v1"}
        push, pull = (row(action, "manifest", **seen, digest=digest, at=5) for action in ("push", "pull"))
        moment = push, pull, row("delete", "unknown", repository=f"team/{number}", **delete, at=5)
        before = [row(action, "manifest", **seen, digest=A, at=at) for at, action in enumerate(("push", "pull"))]
        rows += [*before, *(moment[place] for place in order)]
    log = in_order(rows)
    expected = folded(log)
    assert len(set(expected.values())) == 4
    assert reported(tmp_path, log) == expected


def test_what_names_digests_alone_changes_no_tag_but_its_use(tmp_path: Path) -> None:
    """The same tags and pushes as in the fold, though the two may count a use by digest for another tag."""
    log = in_order(uses_of_images())
    expected = {name: times[:2] for name, times in folded(log).items()}
    assert {name: times[:2] for name, times in reported(tmp_path, log).items()} == expected
