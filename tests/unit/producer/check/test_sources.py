"""What `check` says of sources."""

from pathlib import Path
from typing import Any

import pytest

from producer.check.findings import Severity
from producer.check.sources import source_findings
from runtime.config import Address, Secret
from runtime.config.listener_tls import ListenerTLS
from runtime.config.settings import IntakeSettings
from runtime.config.source_settings import HMACSettings, SourceFormat, SourceSettings

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
