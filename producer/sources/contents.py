"""What is in a body that was sent, event by event: an envelope, or what a source of another format sends. Pure.

A body is judged as a whole, before the first event is taken out of it: so nothing of it is stored if it is refused.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from producer.event_record import excess_of_record, record_of
from producer.sources.dropping import without
from producer.sources.event_ids import with_ids
from producer.sources.formats import FORMATS
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, TooManyEventsError, check_count
from runtime.config.settings import IntakeSettings
from runtime.config.source_settings import ENVELOPE_FORMATS, SourceSettings
from runtime.units import format_size
from schemas.envelope import EnvelopeTooLargeError, event_texts, read_text
from schemas.event import MEDIA_TYPE_V2, Event
from schemas.excess import excess_of
from schemas.json_text import JSONTextError, parse, utf8_body
from schemas.limits import MAX_VALUES, has_more_values
from schemas.original import fault_of
from schemas.trace_context import NO_TRACE, TraceContext
from schemas.utf8 import utf8

MAX_COPIES_BYTES: Final = 64 * 2**20
"""Bytes that the events of one body may have of it together."""
IMAGE: Final = "image"
"""The kind of what happened to images."""
_MOST_COPIES: Final = 8
"""More than the times that a member of an event is in its record."""
_EMPTY_REFERENCE: Final = 8
"""Bytes of a record for each object in an event's text, even if nothing is in it."""
_BESIDE: Final = 128 * 1024
"""More bytes than a record has beside what its text says: key and headers of it, and what the head of a POST brings."""


class NotTakenError(Exception):
    """The body is not what its sender is to send."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.path = path
        """Where in the body; empty for the body as a whole."""


class TooMuchError(NotTakenError):
    """It is beyond the limits."""


class PostFacts(msgspec.Struct, frozen=True, gc=False):
    """What is known of a POST beside its body."""

    content_type: str
    registry: str
    """The label, or empty."""
    trace: TraceContext = NO_TRACE
    """The place in a trace that the POST belongs to."""
    source: SourceSettings | None = None
    """None: any registry that sends envelopes."""
    headers: Mapping[str, str] = {}
    """Those that the source's format keeps, by lower-case names."""
    max_record_bytes: int = IntakeSettings().max_event_bytes
    """The largest record of an event."""


class BodyContents(Protocol):
    """What is in a body."""

    @property
    def kinds(self) -> Mapping[str, int]:
        """How much there is of each kind, whether or not it is an event here; only of a source."""
        ...

    def __len__(self) -> int:
        """How many events are to be taken out."""
        ...

    def take(self) -> Event:
        """The next event, which is taken out, and out of memory."""
        ...


def contents_of(body: bytes, facts: PostFacts) -> BodyContents:
    """What is in the body.

    Raises:
        NotTakenError: it is not of the source's format, or no envelope.
        TooMuchError: it is beyond the limits.
    """
    source = facts.source
    try:
        if source is None or source.format in ENVELOPE_FORMATS:
            return EnvelopeContents(body, facts)
        return ForeignContents(body, facts, source)
    except EnvelopeTooLargeError as error:
        raise TooMuchError(error.reason, error.path) from None
    except TooManyEventsError as error:
        raise TooMuchError(str(error)) from None
    except JSONTextError as error:
        raise NotTakenError(_said(source, error.reason), error.path) from None
    except NotThisFormatError as error:
        raise NotTakenError(_said(source, error.expected), error.path) from None


class EnvelopeContents:
    """What is in an envelope; its events are decoded when they are taken out."""

    def __init__(self, body: bytes, facts: PostFacts) -> None:
        """Raises what `event_texts` raises."""
        source = facts.source
        texts = event_texts(body)
        if source and source.drop:
            texts = [_without(text, source) for text in texts]
        for index, text in enumerate(texts):
            _check_text(text, facts, f"events[{index}]")
        texts.reverse()  # each is taken from the end, and out of memory
        self._texts: Final = texts
        self._facts: Final = facts
        self.kinds: Final[Mapping[str, int]] = {IMAGE: len(texts)} if source else {}

    def __len__(self) -> int:
        return len(self._texts)

    def take(self) -> Event:
        """See `BodyContents`."""
        return _read(self._texts.pop(), self._facts)


class ForeignContents:
    """What is in a body of another format."""

    def __init__(self, body: bytes, facts: PostFacts, source: SourceSettings) -> None:
        """Raises NotThisFormatError, JSONTextError, TooManyEventsError, TooMuchError."""
        body = utf8_body(body)
        if has_more_values(body):
            allowed = f"a body may have {MAX_VALUES:,} values (members of objects and items of lists); this has more"
            raise TooMuchError(allowed)
        body = _without(body, source)
        found = FORMATS[source.format].read(ForeignPost(body, facts.content_type, facts.headers))
        self.kinds: Final[Mapping[str, int]] = Counter(
            {IMAGE: len(found.events)} | Counter(event.action for event in found.others)
        )
        everything = [*found.events, *found.others]
        check_count(len(everything))
        named = with_ids(everything, source.format, body)
        kept = named if source.keep == "all" else named[: len(found.events)]
        check_copies(len(kept), sum(len(utf8(event.source_body)) or len(body) for event in kept))
        text = body.decode()
        self._events: Final = [_completed(event, text, facts, source) for event in reversed(kept)]
        for event, bare in zip(self._events, reversed(kept), strict=True):
            _check_event(event, bare, facts)

    def __len__(self) -> int:
        return len(self._events)

    def take(self) -> Event:
        """See `BodyContents`."""
        return self._events.pop()


def _said(source: SourceSettings | None, reason: str) -> str:
    return f"source {source.name} takes format {source.format}: {reason}" if source else reason


def _without(text: bytes, source: SourceSettings) -> bytes:
    """The text without what the source drops; what is no JSON is refused here already."""
    if not source.drop:
        return text
    decoded = text.decode()
    parse(decoded)
    return utf8(without(decoded, source.drop))


def _read(text: bytes, facts: PostFacts) -> Event:
    event = read_text(text, content_type=facts.content_type, registry=facts.registry)
    source = facts.source
    return event if source is None or source.format == "distribution" else replace(event, source_format=source.format)


def check_copies(events: int, size: int) -> None:
    """Hold a body against the limit of what its events keep of it, `size` all together. Raises TooMuchError."""
    if size > MAX_COPIES_BYTES:
        kept = f"{events:,} events, of which each keeps its body, {format_size(size)} together"
        raise TooMuchError(f"{kept}; they may keep {format_size(MAX_COPIES_BYTES)}")


def _completed(event: Event, text: str, facts: PostFacts, source: SourceSettings) -> Event:
    """An event with what every event of another format has; a text of its own must be that of this very event."""
    return replace(
        event,
        original="" if event.original and fault_of(event) else event.original,
        registry=facts.registry,
        content_type=MEDIA_TYPE_V2,
        source_format=source.format,
        source_content_type=event.source_content_type or facts.content_type,
        source_headers=dict(facts.headers),
        source_body=event.source_body or text,
    )


def _check_text(text: bytes, facts: PostFacts, path: str) -> None:
    """Hold an event of an envelope against the limit of a record, in which its text and its members are, once each.

    Only if `intake.max_body` is less than half a MiB can it be beyond, by a list of references with nothing in them.
    """
    if 2 * len(text) + _EMPTY_REFERENCE * text.count(b"{") + _BESIDE > facts.max_record_bytes:
        _check_record(_read(text, facts), facts, path)


def _check_event(event: Event, bare: Event, facts: PostFacts) -> None:
    """Hold an event of another format against the limits, which no sender's comes near; `bare` is without the body."""
    if excess := excess_of(event):
        raise TooMuchError(excess)
    most = _MOST_COPIES * (len(msgspec.json.encode(bare)) + len(event.source_body)) + _BESIDE
    if most > facts.max_record_bytes:
        _check_record(event, facts)


def _check_record(event: Event, facts: PostFacts, path: str = "") -> None:
    record = record_of(event, topic="", accepted_ms=0, trace=facts.trace)
    if excess := excess_of_record(record, facts.max_record_bytes):
        raise TooMuchError(excess, path)
