"""The grammar of repository names, tags and digests. Pure.

Names and tags follow the registry's reference grammar, digests the OCI
image-spec (descriptor.md, "Digests"), which allows more algorithms than the registry itself: an event about such
content is an event.
"""

import re
from typing import Final

from runtime.errors import BridgeError

__all__ = ["ReferenceFormatError", "check_digest", "check_repository", "check_tag"]

MAX_REPOSITORY_LENGTH: Final = 255
"""Characters of a repository name, host included."""

_HOST: Final = (
    r"(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])"
    r"(?::[0-9]+)?"
)
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST: Final = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[a-zA-Z0-9=_-]+)", re.ASCII)
_HEX: Final = re.compile(r"[a-f0-9]+", re.ASCII)
_HEX_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST_SHOWN: Final = 80


class ReferenceFormatError(BridgeError):
    """A repository name, tag or digest that no registry can address."""

    def __init__(self, kind: str, value: str, allowed: str) -> None:
        shown = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "..."
        super().__init__(f"{kind}: {shown!r} is not valid; allowed: {allowed}")
        self.kind = kind
        """`repository`, `tag` or `digest`."""
        self.value = value
        self.allowed = allowed


def check_repository(name: str) -> str:
    """`name`, if it is a repository name, with or without a host.

    Raises:
        ReferenceFormatError: it is none.
    """
    if len(name) > MAX_REPOSITORY_LENGTH:
        raise ReferenceFormatError("repository", name, f"at most {MAX_REPOSITORY_LENGTH} characters")
    if _REPOSITORY.fullmatch(name) is None:
        allowed = "lower-case letters and digits, joined by `.`, `_`, `__` or dashes, in components separated by `/`"
        raise ReferenceFormatError("repository", name, allowed)
    return name


def check_tag(tag: str) -> str:
    """`tag`, if it is one.

    Raises:
        ReferenceFormatError: it is none.
    """
    if _TAG.fullmatch(tag) is None:
        allowed = "1 to 128 letters, digits, `_`, `.` and `-`, the first neither `.` nor `-`"
        raise ReferenceFormatError("tag", tag, allowed)
    return tag


def check_digest(digest: str) -> str:
    """`digest`, if it is one: `algorithm:encoded`, for the SHA-2 algorithms lower-case hex of their length.

    Raises:
        ReferenceFormatError: it is none.
    """
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise ReferenceFormatError(
            "digest", digest, "`algorithm:encoded`, such as `sha256:` and 64 lower-case hex digits"
        )
    length = _HEX_LENGTHS.get(match["algorithm"])
    if length is not None and (len(match["encoded"]) != length or _HEX.fullmatch(match["encoded"]) is None):
        raise ReferenceFormatError("digest", digest, f"`{match['algorithm']}:` and {length} lower-case hex digits")
    return digest
