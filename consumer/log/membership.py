"""Membership of a consumer in its group, by the coordinator's last answer.

Partitions do not show it: of two workers and one partition, one has none and is a member all the same. The generation
(of `classic`) or epoch (of `consumer`) does, which the coordinator gives at each join and heartbeat.
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
    """Notifies the listener when a consumer becomes a member, and why it is none. Lives on the consumer's thread."""

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
            listener: notified when the obstacle changes.
            faults: why the consumer has no connection, if it has none.
            clock: for durations.
        """
        self._consumer: Final = consumer
        self._listener: Final = listener
        self._faults: Final = faults
        self._clock = clock
        self._known = NOT_YET
        self._state = NOT_YET
        self.member_id = ""
        """By which the group knows the consumer, when it was a member last."""
        self._refusal = ""
        self._refused_at = self._next_look = float("-inf")

    def refused(self, error: KafkaError) -> bool:
        """Note an error that the consumer recovers from; whether it is another one than last time."""
        text, now = text_of(error), self._clock.monotonic()
        is_news = text != self._refusal or now - self._refused_at > _FORGOTTEN_S
        self._refusal, self._refused_at = text, now
        return is_news

    def look(self) -> None:
        """Notify the listener of a change; a member is checked once a second, however often this is called."""
        if not self._known and self._clock.monotonic() < self._next_look:
            return
        self._next_look = self._clock.monotonic() + _EVERY_S
        if is_member(self._consumer):
            self._state = LOST  # if it ever is none again
            self.member_id = self._consumer.memberid() or ""
            self._faults.forget()
            now = ""
        else:
            because = self._refusal or self._faults.cause
            now = f"{self._state}: {because}" if because else self._state
        if now != self._known:
            self._known = now
            self._listener.membership(now)
