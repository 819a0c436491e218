"""Who may POST what to which path."""

import pytest

from producer.intake.entrances import Entrances
from producer.intake.refusals import RefusedError
from producer.sources.contents import PostFacts
from runtime.config import Secret
from runtime.config.settings import IntakeSettings
from runtime.config.source_settings import HMACSettings, SourceSettings
from schemas.event import MEDIA_TYPE_V2
from tests.kit.still_clock import StillClock
from tests.unit.producer.intake.test_proofs import request

CLOUD = SourceSettings(
    name="ce",
    format="cloudevents",
    registry="cloud",
    token=(Secret("t"),),
    hmac=HMACSettings(secret=(Secret("s"),), header="ce-signature"),
)
AZURE = SourceSettings(name="acr", format="acr", registry="azure", authorization=(Secret("Bearer azure"),))
GITLAB = SourceSettings(name="gitlab", format="gitlab", registry="git", authorization=())
SETTINGS = IntakeSettings(authorization=(Secret("Bearer all"),), sources=(CLOUD, AZURE, GITLAB))
ENTRANCES = Entrances(SETTINGS, StillClock())


def admitted(name: str, query: str = "", **headers: str) -> PostFacts:
    """What is known of a POST to this NAME."""
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return ENTRANCES.of(name).admitted(request(sent, query), name)


def test_a_source_has_its_own_label() -> None:
    """Any other name is the label itself, and its sender no source."""
    found = admitted("acr", authorization="Bearer azure", content_type="application/json")
    assert (found.registry, found.source) == ("azure", AZURE)
    other = admitted("eu", authorization="Bearer all", content_type=MEDIA_TYPE_V2)
    assert (other.registry, other.source) == ("eu", None)
    assert found.max_record_bytes == SETTINGS.max_event_bytes


@pytest.mark.parametrize(
    ("name", "query", "authorization"),
    [("acr", "", "Bearer all"), ("eu", "", "Bearer azure"), ("", "token=t", ""), ("ce", "", "Bearer all")],
)
def test_each_asks_for_its_own_proofs(name: str, query: str, authorization: str) -> None:
    """Those of another source, or of the intake, do not count."""
    with pytest.raises(RefusedError) as refused:
        admitted(name, query, authorization=authorization, content_type="application/json")
    assert refused.value.status == 401


def test_a_source_takes_the_media_types_of_its_format() -> None:
    """And says which, if it gets another."""
    assert admitted("gitlab", content_type=MEDIA_TYPE_V2).source == GITLAB
    assert admitted("ce", "token=t", content_type="application/cloudevents+json; charset=utf-8").source == CLOUD
    with pytest.raises(RefusedError, match=r"Content-Type 'text/plain' is not one of application/json$") as refused:
        admitted("acr", authorization="Bearer azure", content_type="text/plain")
    assert (refused.value.status, refused.value.reason) == (415, "content-type")


def test_a_name_that_no_source_has() -> None:
    """Is told apart from the sources' names, which not everybody may learn."""
    said = "no source is named acrr, so an envelope of a distribution registry is expected"
    assert ENTRANCES.no_source("acrr", is_told_names=False) == said
    assert "acrr (sources: ce, acr, gitlab), so" in ENTRANCES.no_source("acrr", is_told_names=True)
    assert ENTRANCES.no_source("acr", is_told_names=True) == ENTRANCES.no_source("", is_told_names=True) == ""
    assert Entrances(IntakeSettings(), StillClock()).no_source("eu", is_told_names=True) == ""


def test_headers_of_the_format_are_kept() -> None:
    """By lower-case names; nothing that proves who has sent it, though it be called like one of them."""
    found = admitted(
        "ce",
        "token=t",
        content_type="application/json",
        authorization="Bearer x",
        ce_id="1",
        CE_Type=" registry.push ",
        ce_signature="sha256=00",
        x_other="y",
    )
    assert found.headers == {"ce-id": "1", "ce-type": "registry.push"}
    assert admitted("acr", authorization="Bearer azure", content_type="application/json", ce_id="1").headers == {}


def test_a_signature_is_asked_for_where_it_is_configured() -> None:
    """It needs the body, so whoever reads it asks."""
    assert ENTRANCES.of("ce").signatures is not None
    assert ENTRANCES.of("acr").signatures is ENTRANCES.of("eu").signatures is None
