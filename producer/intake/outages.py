"""What the intake says of an outage of Kafka: one line when it begins, one when it ends."""

from typing import Final, Protocol

import structlog

_log: Final = structlog.get_logger(__name__)


class Writes(Protocol):
    """Who writes to Kafka, and says by itself that it cannot."""

    @property
    def available(self) -> bool:
        """Whether a write may be tried."""


class Outages:
    """Told by the pulse; quiet of what the writer has found and said before."""

    def __init__(self, writer: Writes) -> None:
        """None was said yet."""
        self._writer = writer
        self._said = False

    def changed(self, silence: str) -> None:
        """Kafka is away, and why; or back, if `silence` is empty."""
        if silence and self._writer.available:
            self._said = True
            _log.warning("kafka.away", reason=silence, consequence="POSTs are answered 503 meanwhile")
        elif not silence and self._said:
            self._said = False
            _log.info("kafka.back")
