"""What `check` finds of the certificates that the intake and the worker show: whether a client would take them in time.

A handshake is made in memory, with a client that trusts the certificate itself. Nobody is asked.
"""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from producer.check.findings import Finding, Severity
from runtime.config.listener_tls import ListenerTLS, asking_context, server_context
from runtime.config.settings import Settings
from runtime.counts import counted

_SOON_S: Final = 14 * 86400.0
_DAY_S: Final = 86400.0
_EXPIRED: Final = 10
"""X509_V_ERR_CERT_HAS_EXPIRED."""


def listener_findings(settings: Settings, now: float) -> Iterator[Finding]:
    """A finding for each certificate that is expired, not valid yet, or ends soon; `now` since the epoch."""
    for path, tls in (("intake.tls.cert", settings.intake.tls), ("worker.tls.cert", settings.worker.tls)):
        if tls is not None and (finding := _finding(path, tls, now)):
            yield finding


def _finding(path: str, tls: ListenerTLS, now: float) -> Finding | None:
    try:
        left_s = not_after(tls) - now
    except ssl.SSLCertVerificationError as error:
        fault = "has expired" if error.verify_code == _EXPIRED else f"is refused ({error.verify_message})"
        return Finding(Severity.WRONG, f"{path}: the certificate {fault}: no client takes it", 2)
    if left_s >= _SOON_S:
        return None
    return Finding(Severity.WARNING, f"{path}: the certificate expires in {counted(int(left_s / _DAY_S), 'day')}")


def not_after(tls: ListenerTLS) -> float:
    """When the certificate ends, in seconds since the epoch.

    Raises:
        ssl.SSLCertVerificationError: it is not valid now.
        ListenerFileError: a file cannot be used.
    """
    alone = replace(tls, client_ca=None, ca=None)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context(alone).wrap_bio(to_server, to_client, server_side=True)
    client = asking_context(alone, is_local=True).wrap_bio(to_client, to_server)
    while not all([_steps(side) for side in (client, server)]):  # noqa: C419 - both, each time
        pass
    shown = client.getpeercert()
    assert shown is not None
    return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))


def _steps(side: ssl.SSLObject) -> bool:
    """Do what can be done of a handshake; whether it is done."""
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
