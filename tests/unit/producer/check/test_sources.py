"""What `check` says of sources."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from producer.check.findings import Severity
from producer.check.sources import kept_findings, source_findings, takes_envelopes
from runtime.config import Address, EndpointSettings, Secret
from runtime.config.listener_tls import ListenerTLS
from runtime.config.settings import IntakeSettings, KafkaSettings, Settings
from runtime.config.source_settings import HMACSettings, SourceFormat, SourceSettings

KAFKA = KafkaSettings(bootstrap_servers="x")
EVERYWHERE = Address("0.0.0.0", 5050)
SECRET = (Secret("hunter2"),)


def found(source: SourceSettings, listen: Address = EVERYWHERE, tls: ListenerTLS | None = None) -> list[str]:
    """The findings, all of which are warnings."""
    findings = list(source_findings(IntakeSettings(listen=listen, tls=tls, sources=(source,))))
    assert {finding.severity for finding in findings} <= {Severity.WARNING}
    assert "hunter2" not in str(findings)
    return [finding.text for finding in findings]


def test_an_open_source_is_named() -> None:
    """If other machines reach it, without a certificate of theirs."""
    source = SourceSettings(name="hub", format="docker-hub", registry="hub")
    assert [
        "source hub: everyone who reaches the intake can POST to it; set its authorization, hmac or token"
    ] == found(source)
    assert found(source, Address("127.0.0.1", 5050)) == []
    guarded = ListenerTLS(cert=Path("c"), key=Path("k"), client_ca=Path("ca"))
    assert found(source, tls=guarded) == []


@pytest.mark.parametrize(
    ("source_format", "proof", "says"),
    [
        ("github", {"authorization": SECRET}, "write authorization: none, and set hmac"),
        ("quay", {"authorization": SECRET}, "write authorization: none, and set token"),
        ("harbor", {"hmac": HMACSettings(secret=SECRET, header="x-signature")}, "does not sign"),
        ("harbor", {"authorization": SECRET}, ""),
        ("gitea", {"hmac": HMACSettings(secret=SECRET, header="x-gitea-signature")}, ""),
        ("docker-hub", {"token": SECRET}, ""),
    ],
)
def test_a_proof_that_a_sender_cannot_give(source_format: SourceFormat, proof: dict[str, Any], says: str) -> None:
    """It would be refused for ever."""
    texts = found(SourceSettings(name="s", format=source_format, registry="s", **proof))
    assert len(texts) == bool(says)
    assert all(says in text for text in texts)


@pytest.mark.parametrize(
    ("formats", "takes"),
    [((), True), (("harbor",), False), (("harbor", "quay"), False), (("harbor", "gitlab"), True)],
)
def test_notes_on_a_registry_are_for_who_has_one(formats: tuple[SourceFormat, ...], takes: bool) -> None:  # noqa: FBT001 - a table's column
    """Who configures other sources alone has no registry that sends envelopes."""
    sources = tuple(SourceSettings(name=one, format=one, registry=one) for one in formats)
    assert takes_envelopes(IntakeSettings(sources=sources)) == takes


def test_who_gets_new_actions_is_warned_of() -> None:
    """With `keep: all`, each endpoint that takes events of this source and ignores none of its new actions."""
    source = SourceSettings(name="scans", format="gitea", registry="eu", keep="all")
    endpoints = (
        EndpointSettings(name="ci", url="http://a/"),
        EndpointSettings(name="us", url="http://b/", registries=frozenset({"us"})),
        EndpointSettings(name="mirror", url="http://c/", registries=frozenset({"us", "eu"})),
        EndpointSettings(name="chosen", url="http://d/", ignored_actions=frozenset({"package"})),
    )

    def warnings(keeps: SourceSettings, endpoints: tuple[EndpointSettings, ...]) -> list[str]:
        intake = IntakeSettings(sources=(keeps,))
        return [one.text for one in kept_findings(Settings(kafka=KAFKA, intake=intake, endpoints=endpoints))]

    told = "endpoints ci, mirror get them: write those that they do not want to ignore.actions"
    kept = f"source scans: keep: all makes events with the actions package, other; {told}"
    assert [kept] == warnings(source, endpoints)
    assert warnings(source, endpoints[3:]) == []
    assert warnings(replace(source, keep="images"), endpoints) == []
    assert warnings(replace(source, format="gitlab"), endpoints) == []
