"""The endpoints that docs/receivers.md shows: what is sent for each passes the checks that its receiver makes.

The checks follow the receivers' code and documentation; the page says what was tried against the receivers themselves.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml
from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured
from cloudevents.core.formats.json import JSONFormat
from msgspec.structs import replace as changed

from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.webhook.exchange import exchanged
from consumer.delivery.webhook.sample_event import sample_event
from runtime.clock import SystemClock
from runtime.config import EndpointSettings
from runtime.config.load import settings_from
from schemas.event import ActorRecord
from tests.kit import Captured, Receiver
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.sendables import sendable

SECRET: Final = "It's a Secret to Everybody"
PAGE: Final = (ROOT / "docs" / "receivers.md").read_text("utf-8")
REPOSITORY: Final = "registry-event-bridge/test"
ACTOR: Final = '"a <b>\\\n}{'


def endpoints() -> Mapping[str, EndpointSettings]:
    """The endpoints of the page, by name; every reference to the environment is the secret."""
    found: dict[str, EndpointSettings] = {}
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        shown = yaml.safe_load(block)
        for endpoint in shown.get("endpoints", ()):
            endpoint.pop("tls", None)
            environ = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", block), SECRET.replace(" ", "-"))
            file = {"kafka": {"bootstrap.servers": "127.0.0.1:9092"}, "endpoints": [endpoint]}
            (settings,) = settings_from(file, environ).endpoints
            found[settings.name] = settings
    return found


ENDPOINTS: Final = endpoints()


def sent(receiver: Receiver, endpoint: EndpointSettings) -> Captured:
    """What arrives for a push of which the actor has a name that means harm."""
    parts = urlsplit(endpoint.url)
    here = replace(endpoint, url=f"{receiver.url}{parts.path}?{parts.query}", safe_url="", timeout_s=LIMIT_S)
    _, event = sample_event("evt-1", 1_790_000_000.0, "registry.events")
    pair = sendable(changed(event, actor=ActorRecord(name=ACTOR)))

    exchange = asyncio.run(exchanged(here, pair, SystemClock(), test="sample"))

    assert exchange.outcome is Outcome.DELIVERED, exchange.said
    (arrived,) = receiver.requests
    return arrived


def signed(arrived: Captured, header: str) -> None:
    """Check a signature as go-github does: `sha256=` and hex over the raw body."""
    key = SECRET.replace(" ", "-").encode()
    assert f"sha256={hmac.new(key, arrived.body, hashlib.sha256).hexdigest()}" == arrived.header(header)


def body_of(arrived: Captured) -> Any:
    """The JSON of a request that says it is JSON."""
    assert "json" in (arrived.header("content-type") or "")
    return json.loads(arrived.body)


def flux(arrived: Captured) -> None:
    """Type `generic-hmac`, and its filter in the page."""
    signed(arrived, "x-signature")
    assert REPOSITORY == body_of(arrived)["target"]["repository"]


def argocd_acr(arrived: Captured) -> None:
    """Type `acr`: an exact Authorization, a push, and where the image is."""
    assert f"Bearer {SECRET.replace(' ', '-')}" == arrived.header("authorization")
    assert "application/json" == arrived.header("content-type")
    body = body_of(arrived)
    assert ("push", REPOSITORY, "test") == (body["action"], body["target"]["repository"], body["target"]["tag"])
    assert body["target"]["digest"].startswith("sha256:")
    assert "registry.example.com" == body["request"]["host"]


def argocd_cloudevents(arrived: Captured) -> None:
    """Type `cloudevents`: a secret in a header, a type with the word image, members at the top of `data`."""
    assert SECRET.replace(" ", "-") == arrived.header("x-webhook-secret")
    read = from_structured(HTTPMessage(headers=dict(arrived.headers), body=arrived.body), JSONFormat())
    assert "image" in read.get_type()
    data: Any = read.get_data()
    assert ("registry.example.com", REPOSITORY, "test") == (data["registryUrl"], data["repository"], data["tag"])


def keel(arrived: Captured) -> None:
    """The path for registries: an envelope with pushes of tags."""
    (event,) = body_of(arrived)["events"]
    assert ("push", REPOSITORY, "test") == (event["action"], event["target"]["repository"], event["target"]["tag"])
    assert "registry.example.com" == event["request"]["host"]


def cloudevent(arrived: Captured) -> None:
    """Binary mode, as the reference library reads it."""
    headers = {name.lower(): value for name, value in arrived.headers}
    read = from_binary(HTTPMessage(headers=headers, body=arrived.body), JSONFormat())
    assert ("registry.notifications.push", REPOSITORY) == (read.get_type(), read.get_subject())


def tekton(arrived: Captured) -> None:
    """A CloudEvent for bindings; the signature and the event's type for the interceptor `github`."""
    cloudevent(arrived)
    signed(arrived, "x-hub-signature-256")
    assert "registry" == arrived.header("x-github-event")
    assert "application/json" == arrived.header("content-type")


def github(arrived: Captured) -> None:
    """The signature; this event has no source, so the body is the registry's envelope."""
    signed(arrived, "x-hub-signature-256")


def chat(member: str) -> Callable[[Captured], None]:
    """A line of text in this member, whatever the actor is called."""

    def check(arrived: Captured) -> None:
        assert body_of(arrived)[member].startswith("push of ")
        assert REPOSITORY in body_of(arrived)[member]

    return check


CHECKS: Final[Mapping[str, Callable[[Captured], None]]] = {
    "flux": flux,
    "argocd-image-updater": argocd_acr,
    "argocd-with-host": argocd_acr,
    "argocd-cloudevents": argocd_cloudevents,
    "keel": keel,
    "knative": cloudevent,
    "tekton": tekton,
    "github-style": github,
    "slack": chat("text"),
    "discord": chat("content"),
}


def test_every_endpoint_of_the_page_is_checked() -> None:
    """And none that the page has no more."""
    assert CHECKS.keys() == ENDPOINTS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_the_receiver_can_read_what_is_sent(receiver: Receiver, name: str) -> None:
    """One real request of the endpoint as the page shows it, held against the checks of the receiver."""
    CHECKS[name](sent(receiver, ENDPOINTS[name]))


def test_a_chat_shows_the_actors_name_as_it_is(receiver: Receiver) -> None:
    """Quotes, braces and line breaks of a name neither break the body nor are lost."""
    arrived = sent(receiver, ENDPOINTS["slack"])

    assert f"push of `{REPOSITORY}` test  {ACTOR}" == body_of(arrived)["text"]
