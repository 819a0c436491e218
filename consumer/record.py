"""A record as it lies in the log. Pure."""

from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

from runtime.rfc3339 import LAST_MS

_COUNTED_WHOLE: Final = 1024 * 1024

Headers = tuple[tuple[str, bytes | None], ...]


class Record(Struct, frozen=True, gc=False):
    """Bytes at topic/partition/offset; a copy, so that the client's fetch buffers can go."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """When the bridge accepted the event, in milliseconds since the epoch; any number, where somebody else wrote it."""
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    schema_fingerprint: str | None = None
    """Fingerprint of its schema, where the id is not ours and a schema registry was asked for it."""
    size: int = 0
    """Bytes that holding it costs, roughly. Computed once: it is asked for ten times on the way of a record."""

    def __post_init__(self) -> None:
        force_setattr(self, "size", len(self.key or b"") + len(self.value or b"") + 256)

    @property
    def accepted_ms(self) -> int | None:
        """`timestamp_ms`, or None where that is no time of a record."""
        return self.timestamp_ms if 0 <= self.timestamp_ms <= LAST_MS else None

    @property
    def place(self) -> str:
        """`TOPIC/PARTITION/OFFSET`, as in the header `registry-event`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def next_offset(self) -> int:
        """Where reading its partition goes on behind it."""
        return self.offset + 1

    @property
    def cost(self) -> int:
        """Bytes that delivering it costs, roughly: of a large one its request counts too, and that request's copy."""
        return self.size if self.size < _COUNTED_WHOLE else 3 * self.size
