"""librdkafka settings of each role: what the user gave, then what carries the promise, which nobody can change."""

import logging
from collections.abc import Mapping
from typing import Any, Final, Literal

from runtime.kafka.property_kinds import CONSUMER_ONLY, PRODUCER_ONLY, without

ClientSettings = Mapping[str, Any]
"""librdkafka settings as the user gave them: `bootstrap.servers` and whatever security needs."""

GroupProtocol = Literal["consumer", "classic"]
"""How members of a group agree on who reads what: KIP-848, or the protocol that every Kafka has."""

OF_CLASSIC: Final = frozenset({"session.timeout.ms", "heartbeat.interval.ms", "group.protocol.type"})
"""Settings that the client refuses with the protocol `consumer`, where the brokers decide."""
_OWN: Final = "group.protocol"
"""Not librdkafka's alone: the bridge knows `auto` too, and chooses (see `group_protocol.py`)."""

_log: Final = logging.getLogger("librdkafka")
_MIB: Final = 1024 * 1024
_PROMPT: Final = {"linger.ms": 0, "compression.type": "lz4"}
"""Somebody waits for each record. While all requests that may be under way are, records gather without a linger; and
zstd costs such small batches more than all else that the client does: it makes a new compressor for each."""
_BULK: Final = {"linger.ms": 1, "compression.type": "zstd"}
_IN_ORDER: Final = {"max.in.flight.requests.per.connection": 1}
"""For what must come to the log in the order in which it is written. Idempotence alone does not promise that: of a
producer that is new to a partition, Kafka takes the second request although it has refused the first."""
_BESIDE_AN_ANSWER: Final = 512
"""Bytes: what librdkafka wants an answer to have beside what is fetched."""
_DIGITS: Final = 10
"""Of a number of bytes that librdkafka takes."""
_FETCHED_BYTES: Final = 64 * 1024
"""Of one partition at a time, so that partitions take turns: a worker that has much to read finds the repositories of
all of them, and its endpoints meet the same events. A larger record comes all the same, alone (KIP-74)."""


def _client(settings: ClientSettings, client_id: str) -> dict[str, Any]:
    return {
        "client.id": client_id,
        "socket.keepalive.enable": True,
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1000,  # 10 s by default: a broker that is back should be noticed at once
        "enable.metrics.push": False,
        **{name: value for name, value in settings.items() if name != _OWN},
        "logger": _log,
    }


def admin_settings(settings: ClientSettings, *, client_id: str) -> dict[str, Any]:
    """Settings of an admin client: what every kind of client has."""
    return _client(without(settings, CONSUMER_ONLY | PRODUCER_ONLY), client_id)


def producer_settings(
    settings: ClientSettings,
    *,
    client_id: str,
    max_record_bytes: int,
    message_timeout_s: float,
    is_bulk: bool = False,
) -> dict[str, Any]:
    """Settings of the acknowledged writer: idempotent, all in-sync replicas, Java's partitioner.

    Args:
        settings: librdkafka settings.
        client_id: how the broker's logs name this client.
        max_record_bytes: the largest record that will be written.
        message_timeout_s: after so many seconds the client gives a record up.
        is_bulk: whether hundreds of records are written at once, so that the rate and the order of requests count,
            and not the wait for one.
    """
    return {
        **(_BULK if is_bulk else _PROMPT),
        **_client(without(settings, CONSUMER_ONLY), client_id),
        "acks": "all",
        "enable.idempotence": True,
        **(_IN_ORDER if is_bulk else {}),
        "partitioner": "murmur2_random",
        "message.timeout.ms": int(message_timeout_s * 1000),
        "message.max.bytes": max_record_bytes,
        "queue.buffering.max.kbytes": max(64 * _MIB, 4 * max_record_bytes) // 1024,
    }


def consumer_settings(
    settings: ClientSettings,
    *,
    client_id: str,
    group: str,
    max_record_bytes: int,
    protocol: GroupProtocol = "classic",
) -> dict[str, Any]:
    """Settings of a consumer that commits by itself and reads only what is committed to the log.

    Args:
        settings: librdkafka settings; of those that only `classic` has, `consumer` gets none.
        client_id: how the broker's logs name this client.
        group: whose offsets it reads and commits.
        max_record_bytes: the largest record that it may meet.
        protocol: of the group's members; of no matter to a consumer that joins no group.
    """
    passed = {name: value for name, value in settings.items() if protocol == "classic" or name not in OF_CLASSIC}
    strategy = {"partition.assignment.strategy": "cooperative-sticky"} if protocol == "classic" else {}
    return {
        "queued.max.messages.kbytes": 1024,  # prefetch: 7 MiB a consumer where the default takes 146
        "fetch.queue.backoff.ms": 100,
        "fetch.wait.max.ms": 250,
        "fetch.max.bytes": max(_MIB, max_record_bytes),  # of one answer: 50 MiB by default, whatever it holds
        **strategy,
        **_client(without(passed, PRODUCER_ONLY), client_id),
        "group.protocol": protocol,
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "fetch.message.max.bytes": _FETCHED_BYTES,
        "receive.message.max.bytes": max(100_000_000, 2 * max_record_bytes + 1024, _one_answer(settings)),
    }


def _one_answer(settings: ClientSettings) -> int:
    """The largest answer that the user's `fetch.max.bytes` lets come, in bytes; what is no number is refused later."""
    largest = str(settings.get("fetch.max.bytes", "")).strip()
    return int(largest) + _BESIDE_AN_ANSWER if largest.isdecimal() and len(largest) <= _DIGITS else 0
