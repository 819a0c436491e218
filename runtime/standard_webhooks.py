"""Standard Webhooks 1.0: its headers, its secrets, and the signature of `{id}.{timestamp}.{body}`. Pure.

The worker signs its requests so, and the intake checks those of a source. A sender whose secret changes sends a
signature by each.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
SECRET_FORM: Final = "whsec_ and base64 of 24 to 64 bytes"  # noqa: S105 - how secrets look, and none
"""What a secret is, for who wrote another."""
TOLERANCE_S: Final = 300
"""How far the sender's time may be from ours; who has an older signature cannot send it again."""
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)
_VERSION: Final = "v1"
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOST_SIGNATURES: Final = 32


def is_secret(text: str) -> bool:
    """Whether a key as long as the specification wants stands in it."""
    return text.startswith(_PREFIX) and len(_from_base64(encoded_key(text))) in _KEY_BYTES


def encoded_key(secret: str) -> str:
    """The key as it stands in a secret: in base64, without the prefix."""
    return secret.removeprefix(_PREFIX)


def key_of(secret: str) -> bytes:
    """The key to sign with, of a secret that is one."""
    return base64.b64decode(encoded_key(secret))


def signatures_by(keys: Sequence[bytes], sent_id: str, timestamp: str, body: bytes) -> str:
    """The value of the header `webhook-signature`: a signature by each key."""
    signed = _signed(sent_id, timestamp, body)
    return " ".join(f"{_VERSION},{base64.b64encode(_digest(key, signed)).decode('ascii')}" for key in keys)


def time_fault(timestamp: str, now: float) -> str:
    """Why this is no time of a POST of now; empty if it is."""
    if not _SECONDS.fullmatch(timestamp):
        return f"the header {TIMESTAMP} is no time in seconds since 1970"
    if abs(int(timestamp) - now) > TOLERANCE_S:
        return f"the header {TIMESTAMP} differs from our time by more than {TOLERANCE_S // 60} minutes"
    return ""


def is_signed(keys: Sequence[bytes], sent: tuple[str, str], signatures: str, body: bytes) -> bool:
    """Whether one of the signatures is by one of the keys.

    Args:
        keys: several while a secret changes.
        sent: id and timestamp as they came.
        signatures: separated by spaces, each `v1,` and base64; those of other versions do not count.
        body: as it came.
    """
    signed = _signed(*sent, body)
    expected = [_digest(key, signed) for key in keys]
    given = [_given_digest(one) for one in signatures.split()[:_MOST_SIGNATURES]]
    return any([hmac.compare_digest(one, other) for one in given for other in expected])  # noqa: C419 - all, so that time tells nothing


def _signed(sent_id: str, timestamp: str, body: bytes) -> bytes:
    return b"".join([f"{sent_id}.{timestamp}.".encode("latin-1"), body])


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")


def _given_digest(given: str) -> bytes:
    version, _, encoded = given.partition(",")
    return _from_base64(encoded) if version == _VERSION else b""


def _from_base64(text: str) -> bytes:
    """The bytes; none if it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
