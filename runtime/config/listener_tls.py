"""TLS of a listener of ours: its settings, its side of a connection, and what is wrong with its files."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_PROTOCOLS: Final = ("http/1.1",)
"""ALPN: a client that would rather speak HTTP/2 is told what is spoken here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerTLS:
    """The certificate that a listener shows, and what it asks of clients."""

    cert: Path
    """PEM file of the certificate, and of those between it and an authority that clients know."""
    key: Path
    """PEM file of its private key, not encrypted."""
    client_ca: Path | None = None
    """PEM file of the authorities of which one must have signed a client's certificate; None: none is asked for."""
    ca: Path | None = None
    """PEM file of the authorities that commands of ours trust when they ask this listener; None: what `cert` holds."""
    contents: str = field(default="", repr=False)
    """Digest of what the files held when they were read: with a file that is replaced, the settings are others."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that the listener uses."""
        return (self.cert, self.key, *([self.client_ca] if self.client_ca else []))


class ListenerFileError(Exception):
    """A file cannot be used; `key` is that of the configuration, `fault` says why."""

    def __init__(self, key: str, fault: str) -> None:
        super().__init__(f"{key}: {fault}")
        self.key: Final = key
        self.fault: Final = fault


def server_context(tls: ListenerTLS) -> ssl.SSLContext:
    """The server's side of a connection: TLS 1.2 or newer. Reads the files.

    Raises:
        ListenerFileError: one of them cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(_PROTOCOLS)
    _require_certificates("cert", tls.cert)
    try:
        context.load_cert_chain(tls.cert, tls.key, password=_refuse_password)
    except ListenerFileError:
        raise
    except ssl.SSLError as error:
        raise ListenerFileError("key", _fault_of_key(error)) from None
    except OSError as error:
        raise ListenerFileError("key", f"cannot be read: {error.strerror}") from None
    if tls.client_ca is not None:
        _require_certificates("client_ca", tls.client_ca)
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an authority in between is trusted where it is named
    return context


def asking_context(tls: ListenerTLS, *, is_local: bool) -> ssl.SSLContext:
    """The side of a command of ours that asks a listener with this section; `is_local` if it is on this machine.

    What a listener is called here (`0.0.0.0`, an address that Kafka tells) is seldom the name in its certificate. So
    without `ca` the very certificates of `cert` are trusted whatever their names, and else names are verified, but on
    this machine. A listener that asks for a certificate is shown its own.

    Raises:
        ListenerFileError: a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.ca is not None and not is_local
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    trusted, key = (tls.cert, "cert") if tls.ca is None else (tls.ca, "ca")
    _require_certificates(key, trusted)
    context.load_verify_locations(trusted)
    if tls.client_ca is not None:
        context.load_cert_chain(tls.cert, tls.key, password=_refuse_password)
    return context


def _require_certificates(key: str, file: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(file)
    except ssl.SSLError:
        raise ListenerFileError(key, "holds no certificate that can be read (PEM)") from None
    except OSError as error:
        raise ListenerFileError(key, f"cannot be read: {error.strerror}") from None


def _refuse_password() -> str:
    raise ListenerFileError("key", "is encrypted; write a key without a passphrase")


def _fault_of_key(error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "is not the private key of the certificate in cert"
    return "holds no private key that can be read (PEM)"
