"""The source of partitions: how a consumer gets them, and which of their offsets are wanted."""

from typing import Protocol

from consumer.log.fetched import Fetched
from consumer.log.session import Session


class Source(Protocol):
    """Serves one session. Lives on the consumer's thread."""

    def anew(self) -> "Source":
        """One for another consumer, which has read nothing; the one before may still be at work."""
        ...

    def begin(self, session: Session) -> None:
        """Ask for partitions: `session.rebalancing` gets them, now or in a later poll.

        Raises:
            KafkaException: Kafka does not answer.
        """

    def wanted(self, fetched: Fetched) -> Fetched:
        """The part that the listener is to receive."""
        ...

    def after_turn(self, session: Session) -> None:
        """Called after each turn of the reader, which has passed on all that it read."""

    def end(self, session: Session) -> None:
        """Give back the partitions that closing the consumer does not revoke."""
