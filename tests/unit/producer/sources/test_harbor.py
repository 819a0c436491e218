"""Harbor's webhooks: what becomes of each of its events, in both payload formats."""

from typing import Any

import pytest

from producer.sources.harbor import KINDS, read
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, TooManyEventsError
from schemas.event import ActorRecord, Event, RequestRecord, Target
from tests.kit.foreign_samples import sample, samples

HOST = "harbor.example:8443"
REPOSITORY = "shop/web/api"
OPERATION = "0c2b7f2e-52c2-4a63-9f0f-6f8f1c1d0a55"


def digest_of(name: str, index: int = 0) -> str:
    """The digest that a sample names."""
    value = sample("harbor", name).value
    found: str = value.get("event_data", value.get("data"))["resources"][index]["digest"]
    return found


def target(digest: str, tag: str = "") -> Target:
    """The target of an image in the samples' repository."""
    url = f"https://{HOST}/v2/{REPOSITORY}/manifests/{digest}"
    return Target(digest=digest, repository=REPOSITORY, url=url, tag=tag)


@pytest.mark.parametrize(
    ("name", "action", "timestamp", "tag", "actor"),
    [
        ("push", "push", "2026-09-21T14:13:20Z", "v3", "ann"),
        ("push-untagged", "push", "2026-09-21T14:13:21Z", "", "ann"),
        ("pull", "pull", "2026-09-21T14:14:20Z", "", "robot$shop+deploy"),
        ("delete", "delete", "2026-09-21T15:13:20Z", "v2", "ann"),
    ],
)
def test_default(name: str, action: str, timestamp: str, tag: str, actor: str) -> None:
    """The format Default gives time, repository, digest, URL, host, operator, and a tag that is no digest; no id."""
    expected = Event(
        timestamp=timestamp,
        action=action,
        target=target(digest_of(name), tag),
        request=RequestRecord(host=HOST),
        actor=ActorRecord(name=actor),
    )
    assert [expected] == read(sample("harbor", name).post).events


@pytest.mark.parametrize(
    ("name", "action", "tag"), [("cloudevent-push", "push", "v3"), ("cloudevent-pull", "pull", "")]
)
def test_cloudevents(name: str, action: str, tag: str) -> None:
    """The format CloudEvents gives the same, and the ids of the event and of Harbor's request."""
    value = sample("harbor", name).value
    expected = Event(
        id=value["id"],
        timestamp=value["time"],
        action=action,
        target=target(digest_of(name), tag),
        request=RequestRecord(id=OPERATION, host=HOST),
        actor=ActorRecord(name=value["operator"]),
    )
    assert [expected] == read(sample("harbor", name).post).events


@pytest.mark.parametrize("name", ["delete-two", "cloudevent-delete-two"])
def test_resources(name: str) -> None:
    """Each of the resources is an event, in order."""
    found = read(sample("harbor", name).post).events
    assert [target(digest_of(name, 0), "v3"), target(digest_of(name, 1), "v2")] == [event.target for event in found]


@pytest.mark.parametrize(
    ("name", "kind", "repository"),
    [
        ("scan", "scan", REPOSITORY),
        ("quota", "quota", REPOSITORY),
        ("replication", "replication", ""),
        ("retention", "retention", ""),
        ("cloudevent-scan", "scan", REPOSITORY),
        ("cloudevent-quota", "quota", REPOSITORY),
    ],
)
def test_others(name: str, kind: str, repository: str) -> None:
    """What is no push, pull or delete is one of the other events, by its kind, with what is known of it."""
    reading = read(sample("harbor", name).post)
    assert [] == reading.events
    [other] = reading.others
    assert (kind, repository) == (other.action, other.target.repository)
    assert other.timestamp.startswith("2026-09-21T14:")


def with_data(**data: Any) -> Any:
    """The push with these members of `event_data` in the place of its own."""
    value = sample("harbor", "push").value
    return {**value, "event_data": {**value["event_data"], **data}}


def test_unknown_type() -> None:
    """A type that Harbor did not have when this was written is of kind `other`."""
    value = {**sample("harbor", "push").value, "type": "SIGN_ARTIFACT"}
    assert ["other"] == [other.action for other in read(sample("harbor", "push").with_value(value)).others]
    assert "other" in KINDS


@pytest.mark.parametrize("data", [{"resources": None}, {"resources": []}, {"resources": [{}]}, {"repository": None}])
def test_push_of_nothing(data: Any) -> None:
    """A push that names no image is refused: nothing could be told of it, and Harbor shows that it failed."""
    with pytest.raises(NotThisFormatError, match=r"^PUSH_ARTIFACT must name its `repository`, and in `resources`"):
        read(sample("harbor", "push").with_value(with_data(**data)))


def test_a_cloudevent_as_plain_json() -> None:
    """A CloudEvent with another Content-Type is told which it must have."""
    body = sample("harbor", "cloudevent-push").body
    with pytest.raises(NotThisFormatError, match=r"is a CloudEvent, and must come with .* application/cloudevents"):
        read(ForeignPost(body, "application/json", {}))


def test_name_in_parts() -> None:
    """A repository without its full name has its namespace and name."""
    value = with_data(repository={"namespace": "shop", "name": "web"})
    [event] = read(sample("harbor", "push").with_value(value)).events
    assert "shop/web" == event.target.repository


@pytest.mark.parametrize(
    ("url", "host", "found"),
    [
        ("harbor/shop/web/api:v3", "harbor", "https://harbor/v2/shop/web/api/manifests/"),
        ("h.example/elsewhere:v3", "h.example", "https://h.example/v2/shop/web/api/manifests/"),
        ("shop/web/api:v3", "", "https://shop/web/api:v3"),
        ("", "", ""),
    ],
)
def test_host(url: str, host: str, found: str) -> None:
    """The host is what stands before the repository, with or without a dot; without one the URL is Harbor's."""
    value = with_data(resources=[{"digest": digest_of("push"), "tag": "v3", "resource_url": url}])
    [event] = read(sample("harbor", "push").with_value(value)).events
    assert (host, event.target.url.removesuffix(digest_of("push"))) == (event.request.host, found)


def test_tag_alone() -> None:
    """Without a digest the URL is that of the image by its tag."""
    value = with_data(resources=[{"tag": "v3", "resource_url": f"{HOST}/{REPOSITORY}:v3"}])
    [event] = read(sample("harbor", "push").with_value(value)).events
    assert Target(repository=REPOSITORY, tag="v3", url=f"https://{HOST}/{REPOSITORY}:v3") == event.target


@pytest.mark.parametrize("time", [None, "yesterday", 0, -1, 10**30, True, 1.5e300, []])
def test_no_time(time: Any) -> None:
    """What is no time in seconds is no time of the event."""
    [event] = read(sample("harbor", "push").with_value({**sample("harbor", "push").value, "occur_at": time})).events
    assert not event.timestamp


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        "push",
        {},
        {"type": "PUSH_ARTIFACT"},
        {"event_data": {}},
        {"type": 7, "event_data": {}},
        {"events": []},
    ],
)
def test_not_of_harbor(value: Any) -> None:
    """Anything else is refused, and told what was expected."""
    with pytest.raises(NotThisFormatError, match=r"must be an? "):
        read(sample("harbor", "push").with_value(value))


@pytest.mark.parametrize("members", [{"type": "com.example.pushed"}, {"data": None}, {"data": "text"}, {"id": ""}])
def test_cloudevent_not_of_harbor(members: Any) -> None:
    """So is a CloudEvent of another sender, and one without data or id."""
    value = {**sample("harbor", "cloudevent-push").value, **members}
    with pytest.raises(NotThisFormatError, match=r"must "):
        read(sample("harbor", "cloudevent-push").with_value(value))


def test_samples() -> None:
    """Every sample is read, and its kind is known."""
    assert all(other.action in KINDS for one in samples("harbor") for other in read(one.post).others)


@pytest.mark.parametrize("name", ["push", "scan", "cloudevent-push"])
def test_more_resources_than_a_body_may_have_are_refused_unread(name: str) -> None:
    """Each event has the repository's name once more, which can be as long as the body."""
    one = sample("harbor", name)
    value = one.value
    data = value.get("event_data", value.get("data"))
    data["resources"] = data["resources"][:1] * 1001
    with pytest.raises(TooManyEventsError):
        read(one.with_value(value))
