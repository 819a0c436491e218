"""The signature of a POST after Standard Webhooks 1.0, checked. Pure.

Signed are `{id}.{timestamp}.{body}`; a sender whose secret changes sends a signature by each.
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
TOLERANCE_S: Final = 300
"""How far the sender's time may be from ours; who has an older signature cannot send it again."""
_PREFIX: Final = "whsec_"
_VERSION: Final = "v1"
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOST_SIGNATURES: Final = 32


def key_of(secret: str) -> bytes:
    """What is signed with: the secret without its prefix, from base64."""
    return base64.b64decode(secret.removeprefix(_PREFIX))


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
    signed = b"".join([f"{sent[0]}.{sent[1]}.".encode("latin-1"), body])
    expected = [hmac.digest(key, signed, "sha256") for key in keys]
    given = [_digest(one) for one in signatures.split()[:_MOST_SIGNATURES]]
    return any([hmac.compare_digest(one, other) for one in given for other in expected])  # noqa: C419 - all, so that time tells nothing


def _digest(signature: str) -> bytes:
    version, _, encoded = signature.partition(",")
    try:
        return base64.b64decode(encoded, validate=True) if version == _VERSION else b""
    except (binascii.Error, ValueError):
        return b""
