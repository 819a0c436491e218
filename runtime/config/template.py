"""A template of a body: JSON text with slots, each filled from the columns of an event. Pure; knows nothing of YAML."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from runtime.config.secrets import Secret

COLUMNS: Final = (
    *("kafka_topic", "kafka_partition", "kafka_offset", "accepted_at", "registry", "event_id", "event_time"),
    *("action", "kind", "repository", "tag", "digest", "media_type", "size_bytes", "from_repository", "url"),
    *("reference_count", "refs", "actor", "client_addr", "client_ip", "user_agent", "request_id", "request_method"),
    *("request_host", "source_addr", "source_instance", "content_type", "schema_id", "original"),
    *("source_format", "source_body"),
)
"""What a slot can be filled with: the exported columns that an event has, in their order."""
LISTS: Final = frozenset({"refs"})
"""Those that are no single value."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for the first of some columns that the event has."""

    columns: tuple[str, ...]
    within_text: bool
    """Whether it stands in a text, between quotes, and not for a value of its own."""


TemplatePiece: TypeAlias = str | Slot


@dataclass(frozen=True, slots=True)
class Template:
    """JSON text and slots in turns; the texts together with what fills the slots are one JSON value."""

    pieces: tuple[TemplatePiece, ...] = field(repr=False)
    secrets: tuple[Secret, ...] = ()
    """Texts in it that the file does not hold itself, such as a token from the environment."""


NOTHING: Final = Template(("null",))
"""The template of an endpoint that has none."""
