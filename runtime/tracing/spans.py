"""Spans as the halves see them: no library is known here. Pure."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from schemas.trace_context import TraceContext

Attributes = Mapping[str, str | int]
"""By the names of OpenTelemetry's semantic conventions."""


class SpanKind(Enum):
    """The part that a step has in a conversation."""

    SERVER = "server"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    CLIENT = "client"


class OpenSpan(Protocol):
    """A step that is under way."""

    @property
    def trace(self) -> TraceContext:
        """The place in its trace, for those who go on from here."""
        ...

    def describe(self, attributes: Attributes) -> None:
        """Add what is known only now."""
        ...

    def fail(self, error_type: str, description: str = "") -> None:
        """The step came to nothing; `error_type` is one of few, for people stands the description."""
        ...


class Tracing(Protocol):
    """Records steps."""

    def span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        *,
        parent: TraceContext | None = None,
        links: Sequence[TraceContext] = (),
    ) -> AbstractContextManager[OpenSpan]:
        """A step, which lasts as long as the context; an exception that leaves the context fails it.

        Args:
            name: of few, as it is what steps are grouped by.
            kind: its part.
            attributes: known at the beginning.
            parent: the step before it, elsewhere, or `NO_TRACE` for a trace of its own; None: the step around this one.
            links: other steps that it goes on from.
        """
        ...

    async def close(self, limit_s: float) -> None:
        """Send what was recorded, within so many seconds."""
        ...
