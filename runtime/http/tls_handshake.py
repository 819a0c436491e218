"""TLS of a client as OpenSSL does it, and a handshake by itself: whether a server's certificate would be taken.

Verifies as Go's client and curl do: chain, dates and name (RFC 6125), against the system's authorities and `tls.ca`.
"""

import socket
import ssl
from typing import Final

from runtime.config.endpoint_settings import TLSSettings
from runtime.http.certificate_faults import certificate_fault

_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
"""OpenSSL's reasons for an answer that is no TLS record: another protocol is spoken at that port."""


def client_context(tls: TLSSettings) -> ssl.SSLContext:
    """The client's side of a connection.

    Raises:
        OSError: a file cannot be read or used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an authority in between is trusted where it is named
    context.load_default_certs()
    if tls.ca:
        context.load_verify_locations(tls.ca)
    if tls.cert and tls.key:
        context.load_cert_chain(tls.cert, tls.key, password="")
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def handshake_fault(address: str, port: int, tls: TLSSettings, *, name: str, limit_s: float) -> str:
    """Shake hands and hang up; why it failed, empty if it did not.

    Args:
        address: where.
        port: where.
        tls: trust and identity.
        name: whose certificate it must be.
        limit_s: seconds that each step may take.
    """
    try:
        with (
            socket.create_connection((address, port), timeout=limit_s) as plain,
            client_context(tls).wrap_socket(plain, server_hostname=name),
        ):
            return ""
    except ssl.SSLError as error:
        if error.reason in _NO_TLS:
            return "it does not speak TLS there: write http://, or another port"
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return certificate_fault(str(error)) or f"the TLS handshake failed: {reason}"
    except TimeoutError:
        return f"the TLS handshake failed: no answer within {limit_s:g} s"
    except OSError as error:
        return f"the TLS handshake failed: {error.strerror or error}"
