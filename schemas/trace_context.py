"""`traceparent` and `tracestate`: how a trace goes through the log, from a POST to a record and to endpoints. Pure.

W3C Trace Context Level 1, sections 3.2 and 3.3. What is not valid goes no further, and neither does a `tracestate`
without a valid `traceparent`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_MEMBER: Final = re.compile(
    r"([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]",
    re.ASCII,
)
"""A key, of a vendor or of a tenant's at a vendor, and a value: printable ASCII but comma and equals sign (3.3.1.3)."""
_MOST_MEMBERS: Final = 32
_MOST_CHARACTERS: Final = 512
"""As many as everybody passes on (3.3.1.5); what a stranger sends is kept in every record."""
_LARGE_MEMBER: Final = 128
"""Characters of a member that goes first when there are too many."""


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The place in a trace; both are empty, or valid."""

    traceparent: str = ""
    tracestate: str = ""


NO_TRACE: Final = TraceContext()


def is_traceparent(text: str) -> bool:
    """Whether `text` is a valid `traceparent` (section 3.2)."""
    return _TRACEPARENT.fullmatch(text) is not None


def trace_context(traceparent: str, tracestate: Iterable[str] = ()) -> TraceContext:
    """What is valid of these; `tracestate` is a header's lines, which are one list."""
    if not is_traceparent(traceparent):
        return NO_TRACE
    return TraceContext(traceparent, valid_tracestate(tracestate))


def valid_tracestate(lines: Iterable[str]) -> str:
    """The list as one line, in its order and within bounds; empty if any of it is not valid (section 3.3)."""
    members = [member for line in lines for member in (part.strip(" \t") for part in line.split(",")) if member]
    keys = {member.partition("=")[0] for member in members}
    if len(members) > _MOST_MEMBERS or len(keys) < len(members) or not all(map(_MEMBER.fullmatch, members)):
        return ""
    return ",".join(_within_bounds(members))


def _within_bounds(members: list[str]) -> list[str]:
    """Leave out large members first, then those at the end, which are the oldest (section 3.3.1.5)."""
    kept = members
    if _length(kept) > _MOST_CHARACTERS:
        kept = [member for member in members if len(member) <= _LARGE_MEMBER]
    while _length(kept) > _MOST_CHARACTERS:
        kept = kept[:-1]
    return kept


def _length(members: list[str]) -> int:
    return len(",".join(members))
