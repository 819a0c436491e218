"""The certificates of our listeners: what `check` says of one that has ended, ends soon, or has not begun."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from producer.check.findings import Finding, Severity
from producer.check.listeners import listener_findings
from runtime.config.listener_tls import ListenerTLS
from runtime.config.settings import IntakeSettings, KafkaSettings, Settings, WorkerSettings

NOT_YET = "the certificate is refused (certificate is not yet valid): no client takes it"


def found(folder: Path, *, first_day: float, last_day: float) -> list[Finding]:
    """What is found of a certificate that is valid between these days from now."""
    now = datetime.now(UTC)
    before, after = (now + timedelta(days=days) for days in (first_day, last_day))
    issued = trustme.CA().issue_cert("127.0.0.1", not_before=before, not_after=after)
    tls = ListenerTLS(cert=folder / "a.pem", key=folder / "a.key", client_ca=folder / "a.pem")
    tls.cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(tls.key)
    kafka = KafkaSettings(bootstrap_servers="127.0.0.1:9")
    settings = Settings(kafka=kafka, intake=IntakeSettings(tls=tls), worker=WorkerSettings(tls=None))
    return list(listener_findings(settings, now.timestamp()))


@pytest.mark.parametrize(
    ("first_day", "last_day", "findings"),
    [
        (-1, 90, []),
        (-1, 7.5, [Finding(Severity.WARNING, "intake.tls.cert: the certificate expires in 7 days")]),
        (-9, -1, [Finding(Severity.WRONG, "intake.tls.cert: the certificate has expired: no client takes it", 2)]),
        (1, 9, [Finding(Severity.WRONG, f"intake.tls.cert: {NOT_YET}", 2)]),
    ],
)
def test_validity(tmp_path: Path, first_day: float, last_day: float, findings: list[Finding]) -> None:
    """Nothing is said of one that is good for a while."""
    assert findings == found(tmp_path, first_day=first_day, last_day=last_day)
