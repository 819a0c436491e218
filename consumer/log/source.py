"""A source: how a consumer comes by its partitions, and which of their offsets are wanted."""

from typing import Protocol

from consumer.log.session import Session
from consumer.log.taken import Taken


class Source(Protocol):
    """Gives partitions to one session after the other. Lives on the consumer's thread."""

    def begin(self, session: Session) -> None:
        """Ask for partitions: `session.rebalancing` gets them, now or in a later poll.

        Raises:
            KafkaException: Kafka does not answer.
        """

    def wanted(self, taken: Taken) -> Taken:
        """The part of what was read that the listener is to have."""
        ...

    def after_turn(self, session: Session) -> None:
        """Called again and again, some tens of milliseconds apart; all that was read has been passed on."""

    def end(self, session: Session) -> None:
        """Give back what closing the consumer does not."""
