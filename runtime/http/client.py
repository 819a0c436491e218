"""What every HTTP client of ours is made with: nothing from the environment, TLS as configured, faults named by key.

No error shows a URL, a header's value or a key file's content.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final, TypeVar

from pyreqwest.client import BaseClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError

from runtime.config import TLSSettings
from runtime.errors import BridgeError

VERSION: Final = version("registry-event-bridge")

_Builder = TypeVar("_Builder", bound=BaseClientBuilder)
_Made = TypeVar("_Made")
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


class ClientSettingsError(BridgeError):
    """An address, headers, certificates or a proxy cannot be used."""

    exit_code: ClassVar[int] = 2


def user_agent(program: str) -> str:
    """What our requests call themselves."""
    return f"{program}/{VERSION}"


def plain(builder: _Builder, *, program: str, timeout_s: float) -> _Builder:
    """Answers as they come, within `timeout_s` seconds: no redirects, no decompression.

    Answers are not decompressed, so that a bomb stays as small as it came.
    """
    builder = (
        builder.user_agent(user_agent(program))
        .follow_redirects(enable=False)
        .http1_only()
        .error_for_status(enable=False)
        .timeout(timedelta(seconds=timeout_s))
    )
    for decompress in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
        decompress(enable=False)
    return builder


def with_tls(builder: _Builder, tls: TLSSettings, *, of: str) -> _Builder:
    """Trust and identity as configured.

    Args:
        builder: of the client.
        tls: the settings.
        of: whose they are, for the fault: `endpoint ci`.

    Raises:
        ClientSettingsError: naming the key that is at fault.
    """
    builder = made(of, "tls.ca", lambda: _trusting(builder, tls))
    return made(of, "tls.cert with tls.key (PEM, not encrypted)", lambda: _identified(builder, tls))


def made(of: str, key: str, make: Callable[[], _Made]) -> _Made:
    """What `make` makes of a setting, or the fault with the setting's name. Not chained: causes show secrets.

    Raises:
        ClientSettingsError: it cannot be made.
    """
    try:
        return make()
    except (BuilderError, ValueError, TypeError, OSError) as error:
        raise ClientSettingsError(f"{of}: {key} cannot be used{_reason(error)}") from None


def causes(error: Exception) -> Sequence[str]:
    """What the client says of an error, outermost first; the first, its own, names the URL and is never shown."""
    found = error.details["causes"] if isinstance(error, DetailedPyreqwestError) else None
    return [cause["message"] for cause in found or []]


def _trusting(builder: _Builder, tls: TLSSettings) -> _Builder:
    if tls.ca:
        builder = builder.add_root_certificate_pem(_certificates(tls.ca))
    return builder if tls.verify else builder.danger_accept_invalid_certs(enable=True)


def _identified(builder: _Builder, tls: TLSSettings) -> _Builder:
    if tls.cert and tls.key:
        return builder.identity_pem(_certificates(tls.cert) + b"\n" + tls.key.read_bytes())
    return builder


def _certificates(file: Path) -> bytes:
    """The PEM file; one without a certificate would be taken, and trust or show nothing."""
    content = file.read_bytes()
    if _CERTIFICATE not in content:
        raise OSError(0, "holds no certificate", str(file))
    return content


def _reason(error: Exception) -> str:
    """The reason, without a secret."""
    if isinstance(error, OSError):
        return f": {error.filename} {error.strerror}"
    reasons = causes(error)
    return f": {reasons[-1]}" if len(reasons) > 1 else ""
