"""How events and pulls are counted: each rule by rows that another count would count otherwise."""

from pathlib import Path
from typing import Any

import pytest

from consumer.places import PlaceError, parse_place
from tests.kit.parquet_rows import T0, answers_of, report_of, row, undecodable, write_export

A, B, C, D = (f"sha256:{letter * 64}" for letter in "abcd")
SIGNATURE = f"sha256-{'a' * 64}.sig"


Rows = list[dict[str, Any]]


def tag_pulls(folder: Path, rows: Rows, **asked: Any) -> dict[tuple[str, str | None], int]:
    """Pulls by repository and tag."""
    answers = answers_of(folder, rows, "most_pulled_tags", **asked)
    return {(one["repository"], one["tag"]): one["pulls"] for one in answers["most_pulled_tags"]}


def events_of(folder: Path, rows: Rows) -> int:
    """Events as the registries' table counts them."""
    return sum(one["events"] for one in answers_of(folder, rows, "registries")["registries"])


def test_a_repeated_event_counts_once(tmp_path: Path) -> None:
    """Two records with one id are one event, though an hour and a partition apart; both are records."""
    blob = row("pull", "blob", digest=A, size_bytes=10, event_id="same")
    later = row("pull", "blob", digest=A, size_bytes=10, event_id="same", at=3600, kafka_partition=1)
    answers = answers_of(tmp_path, [blob, later], "window", "bytes_by_repository", "registries")
    assert [1] == [one["events"] for one in answers["registries"]]
    assert 10 == answers["bytes_by_repository"][0]["bytes_served"]
    assert (2, 1) == (answers["window"][0]["records"], answers["window"][0]["repeated_records"])


def test_events_without_an_id_are_told_by_their_place(tmp_path: Path) -> None:
    """Without ids every record is an event of its own."""
    rows = [row("pull", "blob", digest=A, event_id=None, at=at) for at in range(3)]
    assert 3 == events_of(tmp_path, rows)


QUAY: dict[str, Any] = {"source_format": "quay", "event_time": None, "event_id": "sha256-of-the-body"}
GITEA: dict[str, Any] = {"source_format": "gitea", "event_time": None, "event_id": "its-own"}


def test_an_event_without_a_time_is_told_by_its_sources_id(tmp_path: Path) -> None:
    """Gitea's deletions have an id and no time: the same one twelve minutes later is a repeat."""
    rows = [row("delete", "manifest", tag="v1", at=at, **GITEA) for at in (0, 720)]
    assert 1 == events_of(tmp_path, rows)


def test_an_event_without_id_and_time_repeats_only_within_five_minutes(tmp_path: Path) -> None:
    """Two pushes of one tag have one body, so one id: what comes later is another push, or from another registry."""
    rows = [row("push", "manifest", tag="v1", at=at, **QUAY) for at in (0, 300, 601)]
    assert 2 == events_of(tmp_path / "later", rows)
    rows = [row("push", "manifest", tag="v1", registry=label, **QUAY) for label in ("eu", "us")]
    assert 2 == events_of(tmp_path / "elsewhere", rows)


def test_a_record_that_two_exports_hold_counts_once(tmp_path: Path) -> None:
    """Without an id, too: the place in the log tells it."""
    rows = [row("pull", "blob", digest=A, event_id=None)]
    write_export(tmp_path / "export" / "again", rows)
    assert 1 == events_of(tmp_path, rows)


@pytest.mark.parametrize("kind", ["manifest", "index"])
def test_a_pull_is_a_get_of_a_manifest_or_index(tmp_path: Path, kind: str) -> None:
    """GETs of both count; a HEAD is a check, a blob no image, a push no pull."""
    rows = [
        row("pull", kind, tag="v1", digest=A),
        row("pull", kind, tag="v1", digest=A, at=600, request_method="HEAD"),
        row("pull", "blob", digest=B, at=601),
        row("push", kind, tag="v1", digest=A, at=602),
    ]
    assert {("team/app", "v1"): 1} == tag_pulls(tmp_path, rows)
    assert 1 == answers_of(tmp_path, rows, "window")["window"][0]["image_checks"]


HARBOR: dict[str, Any] = {"source_format": "harbor", "request_method": None, "client_ip": None, "user_agent": None}


def test_a_pull_from_a_source_without_methods_counts(tmp_path: Path) -> None:
    """Each event of it, within a minute too: its source tells of downloads only, and not who the client is."""
    rows = [row("pull", "manifest", tag="v1", digest=A, at=at, **HARBOR) for at in (0, 1, 2)]
    assert {("team/app", "v1"): 3} == tag_pulls(tmp_path, rows)
    assert 0 == answers_of(tmp_path, rows, "window")["window"][0]["pulls_without_method"]


def test_a_pull_without_method_is_said(tmp_path: Path) -> None:
    """Whether it was a GET nobody knows: it is no pull, and the window's answer counts it."""
    rows = [row("pull", "manifest", tag="v1", digest=A, request_method=None)]
    assert {} == tag_pulls(tmp_path, rows)
    assert 1 == answers_of(tmp_path, rows, "window")["window"][0]["pulls_without_method"]


def test_a_pull_counts_once_a_minute(tmp_path: Path) -> None:
    """The same client, repository and digest within a minute is one pull, in the next minute another."""
    rows = [row("pull", "manifest", tag="v1", digest=A, at=at) for at in (0, 30, 59.9, 60)]
    assert {("team/app", "v1"): 2} == tag_pulls(tmp_path, rows)


@pytest.mark.parametrize(
    "other",
    [
        {"client_ip": "203.0.113.10"},
        {"user_agent": "crane/v0.15"},
        {"digest": B},
        {"repository": "x"},
        {"registry": "eu"},
    ],
)
def test_another_client_or_image_is_another_pull(tmp_path: Path, other: dict[str, Any]) -> None:
    """Each part of what tells a pull from another does so within a minute."""
    rows = [row("pull", "manifest", tag="v1", digest=A), row("pull", "manifest", tag="v1", **{"digest": A} | other)]
    assert 2 == answers_of(tmp_path, rows, "window")["window"][0]["image_pulls"]


def test_by_tag_and_then_by_digest_is_one_pull_of_the_tag(tmp_path: Path) -> None:
    """As Docker does it: HEAD by tag, GET by digest; and a GET of the same by tag adds none."""
    rows = [
        row("pull", "manifest", tag="v1", digest=A, request_method="HEAD"),
        row("pull", "manifest", digest=A, at=1),
        row("pull", "manifest", tag="v1", digest=A, at=2),
    ]
    assert {("team/app", "v1"): 1} == tag_pulls(tmp_path, rows)


def test_a_digests_tag_is_that_of_the_last_tagged_event_before(tmp_path: Path) -> None:
    """One digest under two tags in turn: each pull by digest has the tag of its time."""
    rows = [
        row("push", "manifest", tag="v1", digest=A),
        row("pull", "manifest", digest=A, at=60),
        row("push", "manifest", tag="latest", digest=A, at=120),
        row("pull", "manifest", digest=A, at=180),
        row("pull", "manifest", digest=A, at=240),
    ]
    assert {("team/app", "v1"): 1, ("team/app", "latest"): 2} == tag_pulls(tmp_path, rows)


def test_a_digest_tagged_only_later_has_its_last_tag(tmp_path: Path) -> None:
    """A pull before every tagged event has the tag of the last one; without any it has none."""
    rows = [
        row("pull", "manifest", digest=A),
        row("pull", "manifest", digest=B),
        row("push", "manifest", tag="v1", digest=A, at=60),
        row("push", "manifest", tag="v2", digest=A, at=120),
        row("push", "manifest", tag="elsewhere", digest=B, at=130, repository="x"),
    ]
    assert {("team/app", "v2"): 1, ("team/app", None): 1} == tag_pulls(tmp_path, rows)


def test_a_child_right_after_its_index_is_not_counted_again(tmp_path: Path) -> None:
    """With the index's children known: those, within a minute, from the same client; not a manifest that is none."""
    rows = [
        row("push", "index", tag="v1", digest=A, refs=[B, C], at=-600),
        row("pull", "index", tag="v1", digest=A),
        row("pull", "manifest", digest=B, at=1),
        row("pull", "manifest", digest=C, at=59),
        row("pull", "manifest", digest=D, at=2),
    ]
    assert {("team/app", "v1"): 1, ("team/app", None): 1} == tag_pulls(tmp_path, rows)


def test_without_references_every_manifest_by_digest_is_a_child(tmp_path: Path) -> None:
    """Registries say references only if told to: then the time alone tells, and a pull by tag is never a child."""
    rows = [
        row("pull", "index", tag="v1", digest=A),
        row("pull", "manifest", digest=B, at=1),
        row("pull", "manifest", tag="other", digest=C, at=2),
    ]
    assert {("team/app", "v1"): 1, ("team/app", "other"): 1} == tag_pulls(tmp_path, rows)


@pytest.mark.parametrize("refs", [None, [B]])
@pytest.mark.parametrize(
    "child", [{"at": 61}, {"at": -1}, {"at": 1, "client_ip": "203.0.113.10"}, {"at": 1, "user_agent": "crane/1"}]
)
def test_a_child_by_itself_is_a_pull(tmp_path: Path, refs: list[str] | None, child: dict[str, Any]) -> None:
    """Later than a minute, before the index, or got by somebody else: whether the children are known or not."""
    rows = [row("pull", "index", tag="v1", digest=A, refs=refs), row("pull", "manifest", **{"digest": B} | child)]
    assert 2 == sum(tag_pulls(tmp_path, rows).values())


def test_children_of_two_indexes_at_once_are_children(tmp_path: Path) -> None:
    """Two images got side by side: the first index's child comes after the second index, and is still its child."""
    rows = [
        row("pull", "index", tag="v1", digest=A, refs=[C]),
        row("pull", "index", tag="v2", digest=B, refs=[D], at=1),
        row("pull", "manifest", digest=C, at=2),
        row("pull", "manifest", digest=D, at=3),
    ]
    assert {("team/app", "v1"): 1, ("team/app", "v2"): 1} == tag_pulls(tmp_path, rows)


def test_a_child_of_another_index_is_a_pull(tmp_path: Path) -> None:
    """The client got one index; what it then gets by digest is known as a child of another, which it did not get."""
    rows = [
        row("push", "index", tag="v2", digest=B, refs=[D], at=-600),
        row("pull", "index", tag="v1", digest=A, refs=[C]),
        row("pull", "manifest", digest=D, at=1),
    ]
    assert {("team/app", "v1"): 1, ("team/app", None): 1} == tag_pulls(tmp_path, rows)


@pytest.mark.parametrize(
    "tag", [SIGNATURE, SIGNATURE.removesuffix("sig") + "att", SIGNATURE.removesuffix(".sig"), "sha256-0f.sbom"]
)
def test_signatures_are_no_images_unless_all_is_asked(tmp_path: Path, tag: str) -> None:
    """By tag and by digest; an image whose tag only looks a little like it stays."""
    rows = [
        row("push", "manifest", tag=tag, digest=A, at=-60),
        row("pull", "manifest", tag=tag, digest=A),
        row("pull", "manifest", digest=A, at=60),
        row("pull", "manifest", tag="sha256-x.sig", digest=B, at=61),
    ]
    image = ("team/app", "sha256-x.sig")
    assert {image: 1} == tag_pulls(tmp_path, rows)
    assert {image: 1, ("team/app", tag): 2} == tag_pulls(tmp_path, rows, everything=True)


def test_times_are_the_registrys_and_else_those_of_acceptance(tmp_path: Path) -> None:
    """An event that waited for the log counts at its own time."""
    early = row("pull", "manifest", tag="v1", digest=A, at=7200, event_time=T0)
    without = row("pull", "manifest", tag="v2", digest=B, at=7200, event_time=None)
    last = {
        one["tag"]: one["last_pull"].hour
        for one in answers_of(tmp_path, [early, without], "most_pulled_tags")["most_pulled_tags"]
    }
    assert {"v1": 12, "v2": 14} == last


@pytest.mark.parametrize(
    ("from_", "to", "offsets"),
    [
        ("beginning", "end", {0, 1, 2, 3}),
        ("2026-11-02T12:01:00Z", "end", {1, 2, 3}),
        ("-59m", "end", {1, 2, 3}),
        ("beginning", "2026-11-02T12:02:00Z", {0, 1}),
        ("0:1", "0:3", {1, 2}),
        ("end", "end", set()),
    ],
)
def test_places_are_those_of_the_log(tmp_path: Path, from_: str, to: str, offsets: set[int]) -> None:
    """From is included, to excluded; a time is the first record not earlier."""
    rows = [row("delete", "tag", tag=f"t{minute}", at=60 * minute, request_method="DELETE") for minute in range(4)]
    answers = answers_of(tmp_path, rows, "deletes", from_=parse_place(from_), to=parse_place(to))
    assert {f"t{offset}" for offset in offsets} == {one["tag"] for one in answers["deletes"]}


def test_a_partition_that_the_export_lacks_is_an_error(tmp_path: Path) -> None:
    """As over the log: named, with what there is."""
    with pytest.raises(PlaceError, match="no partition 7; it has partitions 0 to 0"):
        report_of(tmp_path, [row("pull", "blob")], from_=parse_place("7:0"))


def test_repositories_are_globs(tmp_path: Path) -> None:
    """As in an endpoint's filter: a star stays within a component. What cannot be decoded is told all the same."""
    rows = [row("pull", "blob", digest=A, repository=name) for name in ("team/a", "team/b/c", "other")]
    answers = answers_of(
        tmp_path, [*rows, undecodable()], "bytes_by_repository", "undecodable", repositories=["team/*"]
    )
    assert ["team/a"] == [one["repository"] for one in answers["bytes_by_repository"]]
    assert 1 == answers["undecodable"][0]["records"]


def test_registries_are_labels(tmp_path: Path) -> None:
    """The report is about those that are named, and about all if none is."""
    rows = [row("pull", "blob", digest=A, registry=label) for label in ("eu", "us", None)]
    for labels, count in ((["eu"], 1), (["eu", "us"], 2), ([], 3)):
        answers = answers_of(tmp_path / "-".join(labels), rows, "registries", "what_sources_send", registries=labels)
        assert [count, count] == [sum(one["events"] for one in rows) for rows in answers.values()]


def test_nothing_is_an_answer_to_every_question(tmp_path: Path) -> None:
    """An empty export is no fault: no rows, and a window of none."""
    answers = answers_of(tmp_path, [])
    assert 0 == answers["window"][0]["records"]
    assert all(not rows for name, rows in answers.items() if name != "window")
