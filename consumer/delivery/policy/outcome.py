"""The outcome of an attempt: one total function of the answer, or of its absence. Pure."""

from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Final

from msgspec import Struct


class Outcome(Enum):
    """The outcome of an attempt."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    """The endpoint will not have this event."""
    THROTTLED = "throttled"
    """The endpoint asks for patience."""
    UNAVAILABLE = "unavailable"
    """The endpoint, or the way to it, is at fault, not the event."""
    FAILED = "failed"
    """Either may be at fault."""


class Fault(Enum):
    """The reason why no complete status and headers came."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    AUTHORITY_AS_SERVER = "authority as server"
    """The server shows an authority's own certificate, which the TLS library of this client never takes."""
    TIMEOUT = "timeout"
    RESET = "reset"
    PROXY = "proxy"
    PROTOCOL = "protocol"
    BROKEN_OFF = "broken off"
    """The request was given up without an answer; the endpoint may have got it, and is not at fault."""
    FORBIDDEN = "forbidden"
    """`worker.allow_networks` and `worker.deny_networks` let nothing connect to its address; nothing was sent."""

    @property
    def word(self) -> str:
        """The fault in one word, for people."""
        return "tls" if self is Fault.AUTHORITY_AS_SERVER else str(self.value)


ANSWER_LIMIT_BYTES: Final = 64 * 1024
"""Of an answer's body, as much is read so that its connection can serve again."""


class Answer(Struct, frozen=True, gc=False):
    """An answer of the endpoint."""

    status: int
    retry_after: str = ""
    """The header as it came, or empty."""
    text: str = ""
    """How its body begins, as `AnswerText` shows it: without secrets, and safe to print."""


class NoAnswer(Struct, frozen=True, gc=False):
    """The absence of an answer, with its reason."""

    fault: Fault
    error: str
    """For people; without the URL."""


class SinkResult(Struct, frozen=True, gc=False):
    """What a sink in Python made of a call: by the exception that it raised, if it did."""

    outcome: Outcome
    error: str = ""
    """For people: what was raised; empty if nothing was."""
    retry_after: str = ""
    """Seconds until it is worth another try, or empty."""


Result = Answer | NoAnswer | SinkResult

_UNAVAILABLE: Final = frozenset({401, 403, 404, 407, 408, 410, 421, 425, 502, 504})
_PATIENCE: Final = frozenset({429, 503})


def outcome_of(result: Result, reject_statuses: AbstractSet[int]) -> Outcome:
    """The first that fits, in the order of docs/delivery.md; defined for every status."""
    if not isinstance(result, Answer):
        return result.outcome if isinstance(result, SinkResult) else Outcome.UNAVAILABLE
    status = result.status
    if 200 <= status < 300:
        return Outcome.DELIVERED
    if status in reject_statuses:
        return Outcome.REJECTED
    if status in _PATIENCE or result.retry_after:
        return Outcome.THROTTLED
    if status in _UNAVAILABLE or 300 <= status < 400:
        return Outcome.UNAVAILABLE
    return Outcome.FAILED


def signals_overload(result: Result) -> bool:
    """Whether the endpoint shows that it has too much to do: a timeout, 429 or 503, or a sink that asks for time."""
    if isinstance(result, NoAnswer):
        return result.fault is Fault.TIMEOUT
    if isinstance(result, SinkResult):
        return result.outcome is Outcome.THROTTLED
    return result.status in _PATIENCE


def describe(result: Result) -> str:
    """A result in a few words, for people."""
    if isinstance(result, NoAnswer):
        return f"{result.fault.word}: {result.error}"
    if isinstance(result, SinkResult):
        return result.error or "the sink has it"
    return f"status {result.status}"
