"""Texts of TLS libraries, told in plain words."""

import pytest

from runtime.http.certificate_faults import certificate_fault

SELF_SIGNED = "the server's certificate is self-signed and not trusted: name its file in tls.ca"
UNKNOWN = "the server's certificate is signed by an unknown authority: name the authority's file in tls.ca"
EXPIRED = "the server's certificate has expired"
EARLY = "the server's certificate is not valid yet"
NAME = "the server's certificate is not valid for the name ci.example.com"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("invalid peer certificate: UnknownIssuer", UNKNOWN),
        ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", SELF_SIGNED),
        ("invalid peer certificate: certificate expired: verification time 1795921365 (UNIX), but ...", EXPIRED),
        ("invalid peer certificate: certificate not valid yet: verification time 1795921365 (UNIX), but ...", EARLY),
        (
            'invalid peer certificate: certificate not valid for name "ci.example.com"; it is only valid for ...',
            NAME,
        ),
        ("certificate verify failed: self-signed certificate (_ssl.c:1002)", SELF_SIGNED),
        ("certificate verify failed: self signed certificate (_ssl.c:1002)", SELF_SIGNED),
        ("certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1002)", UNKNOWN),
        ("certificate verify failed: unable to get local issuer certificate (_ssl.c:1002)", UNKNOWN),
        ("certificate verify failed: certificate has expired (_ssl.c:1002)", EXPIRED),
        ("certificate verify failed: certificate is not yet valid (_ssl.c:1002)", EARLY),
        (
            "certificate verify failed: Hostname mismatch, certificate is not valid for 'ci.example.com'. (_ssl.c:1)",
            NAME,
        ),
        (
            "certificate verify failed: IP address mismatch, certificate is not valid for 'ci.example.com'. (_ssl.c:1)",
            NAME,
        ),
        ("received fatal alert: HandshakeFailure", None),
        ("", None),
    ],
)
def test_a_certificates_fault_is_told(text: str, told: str | None) -> None:
    """Both libraries' texts for a fault are one sentence; what is no fault of a certificate is none."""
    assert certificate_fault(text) == told
