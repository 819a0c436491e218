"""The protocol of our groups' members: `consumer` (KIP-848) where the cluster takes part in it, else `classic`.

No client call shows what a cluster takes part in, so it is asked by trying: a consumer asks to join with an assignor
that no broker has. A cluster that takes part refuses the assignor, before it looks at any group; one that has the
protocol switched off refuses the request; and brokers that do not know the request are not sent it. Nothing is left
behind, and only the right to read the group is needed. (The brokers' setting `group.coordinator.rebalance.protocols`
does not show it: it names `consumer` also where the feature `group.version` is 0.)

It asks for a group of its own. The client names the assignor in its first request only (librdkafka 2.16): when a broker
that is restarted or frozen does not answer that one, the next one may be accepted, and in a group of ours such a member
would be given partitions that nobody reads.
"""

import logging
import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

import structlog
from confluent_kafka import Consumer, KafkaError

from runtime.clock import Clock, SystemClock
from runtime.errors import BridgeError
from runtime.kafka.closing import close_in_time
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.opening import opened
from runtime.kafka.settings import OF_CLASSIC, ClientSettings, GroupProtocol, consumer_settings

_log: Final = structlog.get_logger(__name__)

AUTO: Final = "auto"
_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.05
_HOLDS_S: Final = 30.0
"""How long an answer is good: for all endpoints that start together, not for one that starts anew much later."""
_OWN_GROUP: Final = ".asks-for-the-protocol"
"""Behind the name of a group: whoever may read all groups of a worker may read this one."""
_NO_ASSIGNOR: Final = "registry-event-bridge-asks-for-none"
_ASKING: Final = "asking Kafka for the group protocol"


class ProtocolSupport(Enum):
    """What a cluster says when it is asked."""

    TAKES_PART = "the cluster supports it: Kafka 4.0 or newer, with the feature group.version 1"
    SWITCHED_OFF = "the protocol consumer is switched off in the cluster: its feature group.version is 0"
    ABSENT = "the brokers do not have the protocol consumer: they are older than Kafka 4.0"
    REFUSED = "the cluster does not say whether it supports the protocol consumer: the right to read is missing"


_UPGRADE: Final = {
    ProtocolSupport.SWITCHED_OFF: (
        "switch it on: `kafka-features.sh --bootstrap-server ... upgrade --feature group.version=1`"
    ),
    ProtocolSupport.ABSENT: "upgrade the brokers to Kafka 4.0 or newer",
}


class ProtocolMissingError(BridgeError):
    """The configuration names a protocol that the cluster does not take part in."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """A protocol, and why it is this one."""

    protocol: GroupProtocol
    reason: str


class Ask(Protocol):
    """Asks a cluster; see `ask`."""

    def __call__(self, settings: ClientSettings, *, client_id: str, group: str, topic: str) -> ProtocolSupport:
        """The cluster's answer."""
        ...


def ask(settings: ClientSettings, *, client_id: str, group: str, topic: str) -> ProtocolSupport:
    """Whether the cluster takes part in the protocol `consumer`; takes 0.1 s, blocks at most 10 s.

    Args:
        settings: librdkafka settings.
        client_id: how the broker's logs name this client.
        group: one that may be read; the name of the group that is asked for begins with it.
        topic: the topic that the group would read.

    Raises:
        KafkaUnavailableError: no answer.
    """
    faults, heard = ConnectionFaults(), _Heard()
    asking = group + _OWN_GROUP
    made = consumer_settings(settings, client_id=client_id, group=asking, max_record_bytes=0, protocol="consumer")
    listening = {"debug": "cgrp", "log_level": 7, "logger": heard.logger, "error_cb": faults.note}
    consumer = opened(lambda: Consumer({**made, "group.remote.assignor": _NO_ASSIGNOR, **listening}), _ASKING)
    try:
        consumer.subscribe([topic])
        deadline = time.monotonic() + _LIMIT_S
        while time.monotonic() < deadline:
            message = consumer.poll(_POLL_S)
            error = None if message is None else message.error()
            answer = heard.answer or (None if error is None else _answer_in(error))
            if answer is not None:
                return answer
    finally:
        close_in_time(consumer)
    raise KafkaUnavailableError(f"{_ASKING}: {faults.cause or f'no answer within {_LIMIT_S:g} s'}")


def choose(wanted: str, answer: ProtocolSupport) -> Choice:
    """The protocol for a cluster that answers so, where the configuration says `auto` or `consumer`. Pure.

    Raises:
        ProtocolMissingError: `consumer` is wanted, and the cluster does not take part in it.
    """
    if wanted == AUTO:
        return Choice("consumer" if answer is ProtocolSupport.TAKES_PART else "classic", answer.value)
    if answer in _UPGRADE:
        remedies = f"set it to auto or classic, or {_UPGRADE[answer]}"
        raise ProtocolMissingError(f"kafka.group.protocol is consumer, but {answer.value}; {remedies}")
    return Choice("consumer", "set by kafka.group.protocol")


class GroupProtocols:
    """The choice of one process: made when it starts, and anew when a consumer is. Thread-safe."""

    def __init__(
        self,
        settings: ClientSettings,
        *,
        client_id: str,
        topic: str,
        ask: Ask = ask,
        clock: Clock | None = None,
    ) -> None:
        """Does not ask yet.

        Args:
            settings: librdkafka settings, and `group.protocol`.
            client_id: how the broker's logs name the client that asks.
            topic: that the groups read.
            ask: asks the cluster.
            clock: for how long an answer is good.
        """
        self._settings = settings
        self._client_id = client_id
        self._topic = topic
        self._ask = ask
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self.chosen: Choice | None = None
        """The last choice; None before the first."""

    def choose(self, group: str) -> GroupProtocol:
        """The protocol for a member of this group, as the cluster is now; a change is one log line.

        Raises:
            KafkaUnavailableError: the cluster does not answer.
            ProtocolMissingError: the configured protocol is none that it takes part in.
        """
        with self._lock:
            if self.chosen is None or self._clock.monotonic() - self._asked_at >= _HOLDS_S:
                found = self._choose(group)
                self._asked_at = self._clock.monotonic()
                if found != self.chosen:
                    self._log_choice(found)
                self.chosen = found
            return self.chosen.protocol

    def _choose(self, group: str) -> Choice:
        wanted = str(self._settings.get("group.protocol", AUTO))
        if wanted == "classic":
            return Choice("classic", "set by kafka.group.protocol")
        return choose(wanted, self._ask(self._settings, client_id=self._client_id, group=group, topic=self._topic))

    def _log_choice(self, choice: Choice) -> None:
        unused = sorted(OF_CLASSIC & set(self._settings)) if choice.protocol == "consumer" else []
        without = {"without_effect": [f"kafka.{name}" for name in unused]} if unused else {}
        _log.info("kafka.group_protocol", protocol=choice.protocol, reason=choice.reason, **without)


class _Heard(logging.Handler):
    """Listens to what the client says only in its own log: that it did not send a request that the broker lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: ProtocolSupport | None = None
        self.logger: Final = logging.Logger(__name__, logging.DEBUG)  # noqa: LOG001 - for this one consumer
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Read a line."""
        text = record.getMessage()
        if _text(KafkaError._UNSUPPORTED_FEATURE) in text and "ConsumerGroupHeartbeat" in text:  # noqa: SLF001
            self.answer = ProtocolSupport.ABSENT


def _answer_in(error: KafkaError) -> ProtocolSupport | None:
    """What an error says; the client wraps the broker's into one of its own, which keeps only the text."""
    text = error.str()
    found = (answer for code, answer in _ANSWERS.items() if error.code() == code or _text(code) in text)
    return next(found, None)


def _text(code: int) -> str:
    return KafkaError(code).str()


_ANSWERS: Final = {
    KafkaError.UNSUPPORTED_ASSIGNOR: ProtocolSupport.TAKES_PART,
    KafkaError.UNSUPPORTED_VERSION: ProtocolSupport.SWITCHED_OFF,
    KafkaError._UNSUPPORTED_FEATURE: ProtocolSupport.ABSENT,  # noqa: SLF001
    KafkaError.GROUP_AUTHORIZATION_FAILED: ProtocolSupport.REFUSED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: ProtocolSupport.REFUSED,
}
