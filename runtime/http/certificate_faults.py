"""Why a server's certificate is refused, in plain words. Pure; knows the texts of rustls and OpenSSL alone.

rustls words them in webpki's `Error` (RFC 5280 section 6 names the checks), OpenSSL in `X509_verify_cert_error_string`.
"""

import re
from typing import Final

CA_AS_SERVER: Final = "CaUsedAsEndEntity"
"""rustls: the server shows an authority's own certificate. It refuses this even when the authority is trusted."""

_SELF_SIGNED: Final = "the server's certificate is self-signed and not trusted: name its file in tls.ca"
_UNKNOWN: Final = "the server's certificate is signed by an unknown authority: name the authority's file in tls.ca"

_WORDS: Final = (
    (re.compile(CA_AS_SERVER), _SELF_SIGNED),
    (re.compile(r"UnknownIssuer|unable to get (?:local )?issuer certificate"), _UNKNOWN),
    (re.compile(r"self[- ]signed certificate in certificate chain"), _UNKNOWN),
    (re.compile(r"self[- ]signed certificate"), _SELF_SIGNED),
    (re.compile(r"certificate (?:has )?expired"), "the server's certificate has expired"),
    (re.compile(r"certificate (?:is )?not (?:yet valid|valid yet)"), "the server's certificate is not valid yet"),
    (
        re.compile(r"certificate (?:is )?not valid for (?:name )?[\"']([^\"']+)[\"']"),
        r"the server's certificate is not valid for the name \1",
    ),
)


def certificate_fault(text: str) -> str | None:
    """The fault that this text of a TLS library names, None if it is of another kind."""
    for pattern, words in _WORDS:
        if found := pattern.search(text):
            return found.expand(words)
    return None
