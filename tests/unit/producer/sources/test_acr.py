"""Azure Container Registry's events."""

import json

import pytest

from producer.sources.acr import KINDS, read
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from schemas.event import MEDIA_TYPE_V2
from tests.kit.paths import FIXTURES

ACR = FIXTURES / "sources" / "acr"


def post(body: bytes) -> ForeignPost:
    """A POST with this body."""
    return ForeignPost(body, "application/json", {})


def sample(name: str) -> bytes:
    """A body as Azure sends it."""
    return (ACR / f"{name}.json").read_bytes().strip()


@pytest.mark.parametrize("name", ["push", "delete"])
def test_all_members_of_an_image_event_are_taken(name: str) -> None:
    """So that its text need not be kept beside them."""
    (event,) = read(post(sample(name))).events
    sent = json.loads(sample(name))
    assert (event.id, event.timestamp, event.action) == (sent["id"], sent["timestamp"], name)
    assert (event.target.repository, event.target.digest) == ("shop/web", sent["target"]["digest"])
    assert event.request.host == "acme.azurecr.io"
    assert event.target.url == f"https://acme.azurecr.io/v2/shop/web/manifests/{event.target.digest}"
    assert event.content_type == MEDIA_TYPE_V2
    assert event.original == ""


@pytest.mark.parametrize(
    "added", [{"region": "westeurope"}, {"target": {"digest": 5}}, {"target": {"urls": [1]}}, {"id": None}]
)
def test_what_the_members_do_not_hold_keeps_the_text(added: dict[str, object]) -> None:
    """Another member, or a value that does not fit."""
    body = json.dumps({**json.loads(sample("push")), **added}).encode()
    (event,) = read(post(body)).events
    assert event.original == body.decode()


@pytest.mark.parametrize(("name", "kind"), [("chart_push", "chart"), ("ping", "ping")])
def test_what_is_no_image_has_its_kind_as_action(name: str, kind: str) -> None:
    """A chart or a ping."""
    reading = read(post(sample(name)))
    assert reading.events == []
    (event,) = reading.others
    assert (event.id, event.action, event.original) == (json.loads(sample(name))["id"], kind, "")


@pytest.mark.parametrize("action", ["quarantine", "", "Push", "scan"])
def test_kinds_are_few(action: str) -> None:
    """Whatever action is sent."""
    (event,) = read(post(json.dumps({"action": action}).encode())).others
    assert event.action in KINDS


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"events":[]}', b'{"action":1}', b"7", b"{", b"NaN"])
def test_a_body_without_an_action_is_refused(body: bytes) -> None:
    """It is not Azure's."""
    with pytest.raises(NotThisFormatError):
        read(post(body))
