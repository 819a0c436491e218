"""A record on its way to Kafka. Pure."""

from msgspec import Struct, field


class OutgoingRecord(Struct, frozen=True):
    """What is to stand in a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    timestamp_ms: int | None = None
    """Milliseconds since the epoch; None: when the client takes it."""
    partition: int | None = None
    """None: by the key."""
