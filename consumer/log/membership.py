"""Membership: whether the group has this consumer among its members, by the group's own last word.

Partitions do not tell: of two workers and one partition, one has none and is a member all the same. What tells is the
generation (of `classic`) or epoch (of `consumer`) that the coordinator gave at the last join or heartbeat.
"""

from typing import Final

from confluent_kafka import Consumer, KafkaError

from consumer.log.listener import NOT_YET
from consumer.log.loop_listener import LoopListener
from consumer.log.messages import text_of
from runtime.clock import Clock
from runtime.kafka.connection_faults import ConnectionFaults

LOST: Final = "is not a member of its group any more"
_GENERATION: Final = slice(7, 11)
"""Of `consumer_group_metadata()`: after the mark `CGMDv2:`, in the machine's byte order of all our platforms."""
_EVERY_S: Final = 1.0
_FORGOTTEN_S: Final = 60.0
"""An error that was not met for so long is news when it comes back."""


def is_member(consumer: Consumer) -> bool:
    """Whether the group has admitted this consumer; asks nobody, and takes no time."""
    generation = int.from_bytes(consumer.consumer_group_metadata()[_GENERATION], "little", signed=True)
    return generation > 0 and bool(consumer.memberid())


class MembershipWatch:
    """Tells when one consumer becomes a member, and why it is none. Lives on the consumer's thread."""

    def __init__(
        self,
        consumer: Consumer,
        listener: LoopListener,
        faults: ConnectionFaults,
        clock: Clock,
    ) -> None:
        """Not joined yet.

        Args:
            consumer: that is watched.
            listener: told the obstacle whenever it changes.
            faults: why the consumer has no connection, if it has none.
            clock: for durations.
        """
        self._consumer: Final = consumer
        self._listener: Final = listener
        self._faults: Final = faults
        self._clock = clock
        self._known = NOT_YET
        self._state = NOT_YET
        self._refusal = ""
        self._refused_at = self._next_look = float("-inf")

    def refused(self, error: KafkaError) -> bool:
        """Take note of an error that the consumer goes on after; whether it is news, or goes on and on."""
        text, now = text_of(error), self._clock.monotonic()
        is_news = text != self._refusal or now - self._refused_at > _FORGOTTEN_S
        self._refusal, self._refused_at = text, now
        return is_news

    def look(self) -> None:
        """Tell if it has changed; of a member that is looked at once a second, however often it is asked for."""
        if not self._known and self._clock.monotonic() < self._next_look:
            return
        self._next_look = self._clock.monotonic() + _EVERY_S
        if is_member(self._consumer):
            self._state = LOST  # if it ever is none again
            self._faults.forget()
            now = ""
        else:
            because = self._refusal or self._faults.cause
            now = f"{self._state}: {because}" if because else self._state
        if now != self._known:
            self._known = now
            self._listener.membership(now)
