"""The questions, each on a few rows made by hand with answers counted by hand."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consumer.analytics.report.questions import QUESTIONS
from tests.kit.parquet_rows import T0, answers_of, row, undecodable

A, B, C, D = (f"sha256:{letter * 64}" for letter in "abcd")
DAY = 86_400.0

Rows = list[dict[str, Any]]


def asked(folder: Path, rows: Rows, name: str, *columns: str, **options: Any) -> list[tuple[Any, ...]]:
    """These columns of one question's answer."""
    return [tuple(one[column] for column in columns) for one in answers_of(folder, rows, name, **options)[name]]


def at(seconds: float) -> datetime:
    """The time as answers have it."""
    return (T0 + timedelta(seconds=seconds)).replace(tzinfo=None)


def test_most_pulled_in_7_and_30_days(tmp_path: Path) -> None:
    """Counted back from the last record, whatever it is; the most pulled of 30 days first."""
    rows = [
        row("pull", "manifest", tag="old", digest=A, at=-31 * DAY),
        *(row("pull", "manifest", tag="month", digest=B, at=-8 * DAY + minute * 60) for minute in range(3)),
        *(row("pull", "manifest", tag="week", digest=C, at=-6 * DAY + minute * 60) for minute in range(2)),
        row("push", "blob", digest=D),
    ]
    columns = ("pulls_7_days", "pulls_30_days", "pulls")
    tags = asked(tmp_path, rows, "most_pulled_tags", "tag", *columns)
    assert [("month", 0, 3, 3), ("week", 2, 2, 2), ("old", 0, 0, 1)] == tags
    assert [("team/app", 2, 5, 6)] == asked(tmp_path, rows, "most_pulled_repositories", "repository", *columns)


def test_who_pulls_a_tag(tmp_path: Path) -> None:
    """Each client with its pulls and the last of them, by digest too; asked only of a tag that is named."""
    rows = [
        row("pull", "manifest", tag="v1", digest=A, actor="ci"),
        row("pull", "manifest", digest=A, actor="ci", at=60),
        row("pull", "manifest", tag="v1", digest=A, client_ip="203.0.113.10", at=90),
        row("pull", "manifest", tag="v2", digest=B, client_ip="203.0.113.11", at=90),
    ]
    found = asked(tmp_path, rows, "who_pulls_tag", "client_ip", "actor", "pulls", "last_pull", tag="v1")
    assert [("203.0.113.10", None, 1, at(90)), ("203.0.113.9", "ci", 2, at(60))] == found
    assert "who_pulls_tag" not in answers_of(tmp_path, rows)


USES = [
    row("pull", "manifest", tag="seen", digest=A),
    row("push", "manifest", tag="unused", digest=B, at=10),
    row("push", "manifest", tag="checked", digest=C, at=20),
    row("pull", "manifest", tag="checked", digest=C, at=30, request_method="HEAD"),
    row("push", "manifest", tag="gone", digest=D, at=40),
    row("delete", "unknown", digest=D, at=50),
    row("delete", "tag", tag="gone", at=50),
]


def test_not_used_since_is_said_only_of_what_was_pushed_within_the_window(tmp_path: Path) -> None:
    """HEAD is a use, too; what was deleted is not unused; of what was pushed earlier only the last use is known."""
    expected = {("unused", None, at(10)), ("checked", at(30), at(30)), ("seen", at(0), None), ("gone", None, None)}
    assert expected == set(asked(tmp_path, USES, "last_use_of_tags", "tag", "last_use", "not_used_since"))
    digests = {(B, "unused", at(10)), (C, "checked", at(30)), (A, "seen", None), (D, "gone", None)}
    assert digests == set(asked(tmp_path, USES, "last_use_of_digests", "digest", "tag", "not_used_since"))


def test_nothing_is_said_to_be_unused_of_a_source_without_pulls(tmp_path: Path) -> None:
    """Its images may be in use everywhere; another source's pulls do not change that, nor those of its own blobs."""
    silent: dict[str, Any] = {"registry": "hub", "source_format": "docker-hub"}
    rows = [*USES, row("push", "manifest", tag="v1", digest=A, **silent), row("pull", "blob", digest=B, **silent)]
    columns = ("registry", "not_used_since")
    for question in ("last_use_of_tags", "last_use_of_digests"):
        assert ("hub", None) in asked(tmp_path / question, rows, question, *columns)
    rows = [*rows, row("pull", "manifest", tag="v2", digest=C, **silent)]
    for question in ("last_use_of_tags", "last_use_of_digests"):
        assert ("hub", at(0)) in asked(tmp_path / f"{question}-again", rows, question, *columns)


def test_what_was_pushed_again_after_its_delete_begins_anew(tmp_path: Path) -> None:
    """What was before the delete counts no more; and a pull shows that a tag is there, though nobody saw its push."""
    used = row("pull", "manifest", tag="gone", digest=D, at=45)
    rows = [used, *USES, row("push", "manifest", tag="gone", digest=D, at=60), row("delete", "tag", tag="seen", at=70)]
    rows = [*rows, row("pull", "manifest", tag="seen", digest=A, at=80)]
    columns = ("tag", "first_push", "last_use", "deleted", "not_used_since")
    found = {one[0]: one[1:] for one in asked(tmp_path, rows, "last_use_of_tags", *columns)}
    assert found["gone"] == (at(60), None, None, at(60))
    assert found["seen"] == (None, at(80), None, None)


@pytest.mark.parametrize(
    ("delete", "ended"),
    [
        ({"digest": A}, {"old", "both"}),
        ({"digest": B}, {"moved"}),
        ({"tag": "both"}, {"both"}),
        ({"tag": "both", "digest": A}, {"both"}),
        ({}, {"old", "both", "moved"}),
        ({"digest": A, "registry": "eu"}, set()),
    ],
)
def test_a_delete_ends_the_tags_that_it_takes_away(tmp_path: Path, delete: dict[str, Any], ended: set[str]) -> None:
    """All with its digest then, also where a pull showed it; or its tag; or all of the repository."""
    rows = [
        row("push", "manifest", tag="moved", digest=A),
        row("push", "manifest", tag="moved", digest=B, at=1),
        row("push", "index", tag="old", digest=A, at=2),
        row("push", "manifest", tag="both", digest=C, at=3),
        row("pull", "manifest", tag="both", digest=A, at=4),
        row("delete", "unknown", at=5, **delete),
    ]
    found = asked(tmp_path, rows, "last_use_of_tags", "tag", "deleted")
    assert {(tag, at(5) if tag in ended else None) for tag in ("moved", "old", "both")} == set(found)


@pytest.mark.parametrize("delete", [{"digest": A}, {}])
def test_a_delete_ends_a_digest_until_it_is_pushed_again(tmp_path: Path, delete: dict[str, Any]) -> None:
    """By itself or with its repository; of a digest that is there again, only what came after its delete counts."""
    before = [row("push", "manifest", digest=A), row("pull", "manifest", digest=A, at=20)]
    before.append(row("delete", "unknown", at=DAY, **delete))
    columns = ("first_push", "last_use", "deleted", "not_used_since")
    found = asked(tmp_path / "gone", before, "last_use_of_digests", *columns)
    assert found == [(at(0), at(20), at(DAY), None)]
    for moment in (DAY, 60 * DAY):
        again = row("push", "manifest", digest=A, at=moment)
        found = asked(tmp_path / str(moment), [*before, again], "last_use_of_digests", *columns)
        assert found == [(at(moment), None, None, at(moment))]


def test_a_digest_is_not_unused_before_its_push(tmp_path: Path) -> None:
    """A pull before its first push shows another life of it."""
    rows = [row("pull", "manifest", digest=A), row("push", "manifest", digest=A, at=10)]
    assert asked(tmp_path, rows, "last_use_of_digests", "not_used_since") == [(at(10),)]


def test_the_longest_unused_stands_first(tmp_path: Path) -> None:
    """Who cleans up begins at the top; what is not known to be unused comes last."""
    tags = [tag for (tag,) in asked(tmp_path, USES, "last_use_of_tags", "tag")]
    assert ["unused", "checked"] == tags[:2]


def test_a_digest_in_an_index_is_marked(tmp_path: Path) -> None:
    """Nobody may have got a platform by itself whose index is in use."""
    rows = [row("push", "index", tag="v1", digest=A, refs=[B]), row("push", "manifest", digest=B)]
    assert {(A, False), (B, True)} == set(asked(tmp_path, rows, "last_use_of_digests", "digest", "in_index"))


BYTES = [
    row("push", "blob", digest=A, size_bytes=100),
    row("push", "blob", digest=A, size_bytes=100, at=1, repository="x", client_ip="203.0.113.10"),
    row("push", "blob", digest=B, size_bytes=7, at=2, repository="x", client_ip="203.0.113.10"),
    row("mount", "blob", digest=C, size_bytes=1000, at=3, from_repository="team/app"),
    row("pull", "blob", digest=A, size_bytes=100, at=4),
    row("pull", "blob", digest=A, size_bytes=100, at=5),
    row("pull", "blob", digest=A, size_bytes=100, at=6, request_method="HEAD"),
    row("pull", "manifest", digest=D, size_bytes=5, at=7),
]


@pytest.mark.parametrize(
    ("name", "key", "first", "second"),
    [
        ("bytes_by_repository", "repository", "team/app", "x"),
        ("bytes_by_client", "client_ip", "203.0.113.9", "203.0.113.10"),
    ],
)
def test_bytes(tmp_path: Path, name: str, key: str, first: str, second: str) -> None:
    """Pushed: a digest once, where first pushed, no mount; served: each GET of a blob, no HEAD."""
    columns = (key, "bytes_pushed", "blobs_pushed", "bytes_served", "blobs_served")
    assert [(first, 100, 1, 200, 2), (second, 7, 1, 0, 0)] == asked(tmp_path, BYTES, name, *columns)


def test_another_registry_stores_a_blob_of_its_own(tmp_path: Path) -> None:
    """Registries share no storage: the same digest pushed to two labels is stored twice."""
    rows = [row("push", "blob", digest=A, size_bytes=100, registry=label) for label in ("eu", "us")]
    expected = [("eu", 100), ("us", 100)]
    assert expected == asked(tmp_path, rows, "bytes_by_repository", "registry", "bytes_pushed")
    assert [(200,)] == asked(tmp_path, rows, "bytes_by_client", "bytes_pushed")


def test_sizes_beyond_all_measure_add_up(tmp_path: Path) -> None:
    """A registry may say what it likes: sums are exact and never an error."""
    huge = 2**63 - 1
    rows = [row("pull", "blob", digest=A, size_bytes=huge, at=n) for n in range(3)]
    assert [(3 * huge,)] == asked(tmp_path, rows, "bytes_by_repository", "bytes_served")
    assert [(3 * huge,)] == asked(tmp_path, rows, "bytes_by_client", "bytes_served")


def test_tags_that_move(tmp_path: Path) -> None:
    """A push of the same digest again is no move; back to an old digest is one."""
    rows = [row("push", "manifest", tag="latest", digest=digest, at=n) for n, digest in enumerate([A, A, B, A])]
    rows.append(row("push", "manifest", tag="v1", digest=A, at=9))
    columns = ("tag", "moves", "pushes", "digests", "last_digest", "last_move")
    assert [("latest", 2, 4, 2, A, at(3)), ("v1", 0, 1, 1, A, None)] == asked(tmp_path, rows, "tag_churn", *columns)


def test_the_moves_of_a_tag_without_digests_are_unknown(tmp_path: Path) -> None:
    """Whether it moved nobody can say; and no digest is none of the digests."""
    rows = [row("push", "manifest", tag="latest", at=n) for n in range(2)]
    columns = ("tag", "moves", "pushes", "digests", "last_digest")
    assert [("latest", None, 2, None, None)] == asked(tmp_path, rows, "tag_churn", *columns)
    assert [] == asked(tmp_path / "digests", rows, "last_use_of_digests", "digest")


def test_pushes_against_pulls(tmp_path: Path) -> None:
    """An index pushed with its child is one push; repositories nobody pulls from stand before those pulled from."""
    rows = [
        row("push", "manifest", digest=B),
        row("push", "index", tag="v1", digest=A),
        row("push", "manifest", tag="v1", digest=C, repository="idle"),
        *(row("pull", "index", tag="v1", digest=A, at=60 * minute) for minute in range(3)),
    ]
    columns = ("repository", "pushes", "pulls", "pulls_per_push")
    assert [("idle", 1, 0, 0.0), ("team/app", 1, 3, 3.0)] == asked(tmp_path, rows, "pushes_against_pulls", *columns)


def test_the_pulls_of_a_source_without_pulls_are_unknown(tmp_path: Path) -> None:
    """And not none, beside a registry whose repository nobody pulls from."""
    rows = [
        row("push", "manifest", tag="v1", digest=A, registry="hub", source_format="docker-hub"),
        row("push", "manifest", tag="v1", digest=A, registry="eu"),
        row("pull", "manifest", tag="v1", digest=A, registry="eu", repository="other"),
    ]
    expected = [("eu", "team/app", 0, 0.0), ("hub", "team/app", None, None), ("eu", "other", 1, None)]
    columns = ("registry", "repository", "pulls", "pulls_per_push")
    assert expected == asked(tmp_path, rows, "pushes_against_pulls", *columns)


def test_mounts_against_pushes(tmp_path: Path) -> None:
    """What was mounted was spared."""
    columns = ("repository", "pushes", "mounts", "mounted_percent", "bytes_spared", "mostly_from")
    expected = [("team/app", 1, 1, 50.0, 1000, "team/app"), ("x", 2, 0, 0.0, 0, None)]
    assert expected == asked(tmp_path, BYTES, "mounts_against_pushes", *columns)


def test_actors(tmp_path: Path) -> None:
    """With their last activity, the latest first; nobody logged in is a row of its own."""
    rows = [
        row("push", "manifest", tag="v1", digest=A, actor="ci"),
        row("pull", "manifest", tag="v1", digest=A, at=60),
        row("delete", "tag", tag="v1", actor="ci", at=90),
    ]
    columns = ("actor", "pulls", "pushes", "deletes", "events", "last_seen")
    assert [("ci", 0, 1, 1, 2, at(90)), (None, 1, 0, 0, 1, at(60))] == asked(tmp_path, rows, "actors", *columns)


@pytest.mark.parametrize(
    ("user_agent", "client", "version"),
    [
        (
            "docker/24.0.5 go/go1.20.6 git-commit/a61e2b4 os/linux UpstreamClient(Docker-Client/24.0.5 \\(linux\\))",
            "docker",
            "24.0.5",
        ),
        ("Docker-Client/25.0.1 (linux)", "docker", "25.0.1"),
        ("containerd/v1.7.2", "containerd", "1.7.2"),
        ("containerd/2.0.0+unknown", "containerd", "2.0.0+unknown"),
        ("buildkit/v0.12", "buildkit", "0.12"),
        ("crane/v0.15.2 go-containerregistry/v0.15.2", "crane", "0.15.2"),
        ("skopeo/1.9.3", "skopeo", "1.9.3"),
        ("kaniko/v1.9.1 go-containerregistry/v0.8", "kaniko", "1.9.1"),
        ("libpod/4.5.0", "podman", "4.5.0"),
        ("Buildah/1.30.0", "buildah", "1.30.0"),
        ("containers/5.29.0 (github.com/containers/image)", "containers/image", "5.29.0"),
        ("cri-o/1.27.1 go/go1.20.5 os/linux arch/amd64", "cri-o", "1.27.1"),
        ("Helm/3.12.1", "helm", "3.12.1"),
        ("trivy/0.51.1 go-containerregistry/v0.19", "trivy", "0.51.1"),
        ("cosign/v2.2.0 (linux; amd64) go-containerregistry/v0.16", "cosign", "2.2.0"),
        ("regclient/regctl (v0.5.1)", "regctl", "0.5.1"),
        ("Go-http-client/1.1", "go-http-client", "1.1"),
        ("something (odd)", "something", None),
        ("/", None, None),
        (None, None, None),
    ],
)
def test_clients(tmp_path: Path, user_agent: str | None, client: str | None, version: str | None) -> None:
    """The first word of a user agent names the client and its version."""
    rows = [row("pull", "manifest", tag="v1", digest=A, user_agent=user_agent)]
    assert [(client, version, 1, 1)] == asked(tmp_path, rows, "clients", "client", "version", "pulls", "addresses")


def test_clients_of_one_version_are_one_row(tmp_path: Path) -> None:
    """However their user agents differ after it; an address counts once."""
    agents = ("docker/24.0.5 os/linux", "docker/24.0.5 os/windows", "docker/24.0.5 os/linux")
    rows = [row("pull", "blob", digest=A, user_agent=agent) for agent in agents]
    assert [("docker", 3, 1)] == asked(tmp_path, rows, "clients", "client", "events", "addresses")


def test_who_deleted_what(tmp_path: Path) -> None:
    """The latest first; kind and tag of a deleted digest come from what else is known of it."""
    rows = [
        row("push", "manifest", tag="v1", digest=A),
        row("push", "blob", digest=B),
        row("delete", "unknown", digest=A, actor="ann", at=1),
        row("delete", "unknown", digest=B, actor="bob", at=2),
        row("delete", "unknown", digest=C, at=3),
        row("delete", "tag", tag="v2", at=4),
    ]
    expected = [
        (None, "tag", "v2", None),
        (None, "unknown", None, C),
        ("bob", "blob", None, B),
        ("ann", "manifest", "v1", A),
    ]
    assert expected == asked(tmp_path, rows, "deletes", "actor", "kind", "tag", "digest")


def test_registries_and_instances(tmp_path: Path) -> None:
    """Each label and each start of a process is a row."""
    rows = [
        row("push", "blob", registry="eu", source_instance="1"),
        row("pull", "blob", registry="eu", source_instance="1", at=1),
        row("mount", "blob", registry="eu", source_instance="2", at=2),
        row("delete", "blob", at=3),
    ]
    columns = ("registry", "source_instance", "events", "pull_events", "push_events", "mount_events", "delete_events")
    expected = [(None, None, 1, 0, 0, 0, 1), ("eu", "2", 1, 0, 0, 1, 0), ("eu", "1", 2, 1, 1, 0, 0)]
    assert expected == asked(tmp_path, rows, "registries", *columns)


HUB: dict[str, Any] = {
    "registry": "hub",
    "source_format": "docker-hub",
    "client_ip": None,
    "user_agent": None,
    "request_method": None,
}


def test_what_each_source_sends(tmp_path: Path) -> None:
    """A row for each label and format, in percent of its events; of all repositories, and of no other registry."""
    rows = [
        row("push", "manifest", tag="v1", actor="ann", **HUB),
        row("push", "manifest", tag="v2", repository="elsewhere", **HUB),
        row("pull", "blob", digest=A, size_bytes=3, registry="eu"),
    ]
    columns = ("registry", "source_format", "events", "pulls", "tag_percent", "actor_percent", "size_percent")
    expected = [("eu", None, 1, 1, 0.0, 0.0, 100.0), ("hub", "docker-hub", 2, 0, 100.0, 50.0, 0.0)]
    assert expected == asked(tmp_path, rows, "what_sources_send", *columns, repositories=["team/*"])


def test_questions_that_a_source_leaves_open(tmp_path: Path) -> None:
    """Each with all that is missing, for each source that lacks it; who pulls a tag only if that is asked."""
    rows = [
        row("push", "manifest", tag="v1", actor="ann", **HUB),
        row("push", "manifest", tag="v1", digest=A, actor="ann", registry="eu"),
        row("pull", "manifest", tag="v1", digest=A, registry="eu"),
        row("pull", "blob", digest=B, size_bytes=3, registry="eu"),
        row("delete", "tag", tag="v1", registry="eu"),
    ]
    found = asked(tmp_path, rows, "left_open", "registry", "source_format", "question", "missing")
    hub = {
        question: missing for registry, kind, question, missing in found if (registry, kind) == ("hub", "docker-hub")
    }
    assert len(hub) == len(found)
    assert ("digests, pulls", "digests of pushed tags") == (hub["last_use_of_digests"], hub["tag_churn"])
    assert ("deletes", "user agents") == (hub["deletes"], hub["clients"])
    assert {"actors", "who_pulls_tag"}.isdisjoint(hub)
    assert ("who_pulls_tag", "addresses, pulls") in asked(
        tmp_path / "tag", rows, "left_open", "question", "missing", tag="v1"
    )


def test_every_question_that_can_be_left_open_is_a_question(tmp_path: Path) -> None:
    """A source whose events have nothing leaves all of them open, by the names that they have."""
    rows = [row("scan", "unknown", **{**HUB, "event_time": None, "repository": None})]
    found = {question for (question,) in asked(tmp_path, rows, "left_open", "question", tag="v1")}
    names = {question.name for question in QUESTIONS}
    assert found <= names
    assert {"window", "registries", "undecodable", "other_events", "what_sources_send", "left_open"} == names - found


def test_other_events(tmp_path: Path) -> None:
    """What is no push, pull, mount or delete, by source and action."""
    rows = [
        row("push", "manifest", tag="v1"),
        *(row("scan", "manifest", tag="v1", registry="eu", source_format="harbor", at=n) for n in range(2)),
        row("quota", "unknown", registry="eu", source_format="harbor", repository=None, at=9),
    ]
    columns = ("registry", "source_format", "action", "events", "repositories", "last_seen")
    expected = [("eu", "harbor", "quota", 1, 0, at(9)), ("eu", "harbor", "scan", 2, 1, at(1))]
    assert expected == asked(tmp_path, rows, "other_events", *columns)


def test_undecodable_records(tmp_path: Path) -> None:
    """Where they lie; they count nowhere else but among the records."""
    rows = [row("pull", "blob"), undecodable(at=1, schema_id=7), undecodable(at=2, schema_id=7)]
    answers = answers_of(tmp_path, rows, "undecodable", "window", "registries")
    found = [(one["kafka_partition"], one["schema_id"], one["records"]) for one in answers["undecodable"]]
    assert [(0, 7, 2)] == found
    assert (3, 2) == (answers["window"][0]["records"], answers["window"][0]["undecodable_records"])
    assert [1] == [one["events"] for one in answers["registries"]]


def test_the_window_and_its_gaps(tmp_path: Path) -> None:
    """What the data cover, and how many offsets within hold no record."""
    rows = [row("pull", "blob", at=at_, kafka_offset=offset) for at_, offset in ((0, 10), (5, 11), (9, 15))]
    expected = [(at(0), at(9), 3, 3)]
    assert expected == asked(tmp_path, rows, "window", "first_accepted", "last_accepted", "records", "missing_offsets")


def test_activity(tmp_path: Path) -> None:
    """By day, the latest first, and by hour of the week, the busiest first: T0 is a Monday noon."""
    rows = [
        row("pull", "manifest", tag="v1", digest=A),
        row("pull", "manifest", tag="v1", digest=A, at=60),
        row("push", "manifest", tag="v1", digest=A, at=DAY),
        row("mount", "blob", digest=B, at=DAY),
        row("delete", "tag", tag="v1", at=DAY),
        row("pull", "manifest", tag="v1", digest=A, at=DAY),
    ]
    answers = answers_of(tmp_path, rows, "activity_by_day", "activity_by_hour")
    days = [tuple(one.values())[1:] for one in answers["activity_by_day"]]
    assert [(1, 1, 1, 1), (2, 0, 0, 0)] == days
    assert [(1, 12, 2), (2, 12, 1)] == [tuple(one.values()) for one in answers["activity_by_hour"]]
