"""The causes of faults of object storage, read from what its client says: one clause, without secrets. Pure.

The client's own texts hold whole answers and addresses with their parameters, which can be secrets.
"""

import re
from dataclasses import dataclass
from typing import Final

_CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})\b")
_PASSING_BY: Final = frozenset({"it did not answer in time", "the connection was cut"})
_RETRIES: Final = re.compile(r"after (\d+) retries")
_URL: Final = re.compile(r"https?://[^\s,]+")
_HOST: Final = re.compile(r"https?://(?:\S*@)?([^\s/?#,@]+)")
_UNREACHED: Final = ("dns error", "ConnectionRefused", "tcp connect error", "kind: Connect")
"""Signs of faults in which it matters which host was asked."""
_METADATA: Final = "//169.254.169.254/"
"""Where a machine of a cloud is asked for its credentials."""
_REGION: Final = "the bucket is in another region: set AWS_REGION"
_CODES: Final = {
    "NoSuchBucket": "there is no such bucket",
    "ContainerNotFound": "there is no such container",
    "AccessDenied": "access is denied",
    "AuthorizationFailure": "access is denied",
    "AllAccessDisabled": "access is denied",
    "InvalidAccessKeyId": "the access key is not known there",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
    "ExpiredToken": "the credentials have expired",
    "InvalidToken": "the session token is not valid",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "InvalidBucketName": "the bucket's name is not valid",
    "NotImplemented": "the store does not know a request that an export needs",
}
_SIGNS: Final = (
    ("Missing AccessKeyId", "AWS_ACCESS_KEY_ID is not set"),
    ("Missing SecretAccessKey", "AWS_SECRET_ACCESS_KEY is not set"),
    ("Account must be specified", "AZURE_STORAGE_ACCOUNT_NAME is not set"),
    (
        "BadScheme",
        "its endpoint is plain HTTP, which must be allowed: AWS_ALLOW_HTTP=true, for Azure AZURE_ALLOW_HTTP=true",
    ),
    ("dns error", "the name of its host cannot be resolved"),
    ("certificate", "its TLS certificate is not trusted"),
    ("ConnectionRefused", "the connection is refused"),
    ("tcp connect error", "it cannot be reached"),
    ("operation timed out", "it did not answer in time"),
    ("TimedOut", "it did not answer in time"),
    ("kind: Connect", "it cannot be reached"),
    ("kind: Timeout", "it did not answer in time"),
    ("kind: Interrupted", "the connection was cut"),
    ("HTTP error", "the connection was cut"),
)
_TEMPORARY: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class StorageFault:
    """A cause, and whether trying again later can help."""

    cause: str
    is_lasting: bool
    """Whether only another configuration helps."""

    @property
    def asks_for_another_try(self) -> bool:
        """Whether the client may have given up too early: it repeats a cut request only where that can do no harm."""
        return self.cause in _PASSING_BY


def fault_of(text: str) -> StorageFault:
    """The fault that this text of the client is about."""
    code, status = _CODE.search(text), _STATUS.search(text)
    said = _URL.sub("", text)
    if code and code[1] in _CODES:
        return StorageFault(_CODES[code[1]], is_lasting=True)
    if _METADATA in text:
        return StorageFault("no credentials are set in the environment, and this machine has none", is_lasting=True)
    for sign, cause in _SIGNS:
        if sign in said and not (status and sign == "HTTP error"):
            tries = "" if cause in _PASSING_BY else _tries(text)
            return StorageFault(
                cause + (_asked(text) if sign in _UNREACHED else "") + tries,
                is_lasting=sign in {each for each, _ in _SIGNS[:4]},
            )
    if status:
        return _of_status(int(status[1]), code[1] if code else "", _tries(text))
    return StorageFault("its client could not be set up, or failed in an unknown way", is_lasting=False)


def _of_status(status: int, code: str, tries: str) -> StorageFault:
    said = f"{status} {code}".rstrip()
    if status in {401, 403}:
        return StorageFault(f"access is denied ({said})", is_lasting=True)
    if status in {301, 307}:
        return StorageFault(_REGION, is_lasting=True)
    if status == 503:
        return StorageFault(f"it asks to slow down ({said}){tries}", is_lasting=False)
    return StorageFault(f"it answers {said}{tries}", is_lasting=status < 500 and status not in _TEMPORARY)


def _asked(text: str) -> str:
    """The host and port that were asked."""
    host = _HOST.search(text)
    return f" ({host[1]})" if host else ""


def _tries(text: str) -> str:
    retries = _RETRIES.search(text)
    if retries is None or retries[1] == "0":
        return ""
    return f", also after {retries[1]} more {'try' if retries[1] == '1' else 'tries'}"
