"""Which of librdkafka's properties only one kind of client has (the column C/P of its CONFIGURATION.md). Pure.

One section of a configuration serves every kind. A client passes over what is another's, with a warning; but the
checks of an admin client are a producer's, so that a producer's setting could keep it from being made.
"""

from collections.abc import Mapping
from typing import Any, Final

CONSUMER_ONLY: Final = frozenset(
    {
        "auto.commit.interval.ms",
        "check.crcs",
        "consume.callback.max.messages",
        "coordinator.query.interval.ms",
        "fetch.error.backoff.ms",
        "fetch.max.bytes",
        "fetch.min.bytes",
        "fetch.queue.backoff.ms",
        "fetch.wait.max.ms",
        "group.protocol",
        "group.protocol.type",
        "group.remote.assignor",
        "heartbeat.interval.ms",
        "max.poll.interval.ms",
        "offset.store.path",
        "offset.store.sync.interval.ms",
        "queued.max.messages.kbytes",
        "queued.min.messages",
        "session.timeout.ms",
    }
)
"""Aliases included; those that the bridge sets itself left out."""

PRODUCER_ONLY: Final = frozenset(
    {
        "batch.num.messages",
        "batch.size",
        "compression.codec",
        "compression.level",
        "compression.type",
        "enable.gapless.guarantee",
        "linger.ms",
        "message.send.max.retries",
        "queue.buffering.backpressure.threshold",
        "queue.buffering.max.messages",
        "queue.buffering.max.ms",
        "queuing.strategy",
        "request.timeout.ms",
        "retries",
        "sticky.partitioning.linger.ms",
    }
)
"""Likewise."""


def without(settings: Mapping[str, Any], kind: frozenset[str]) -> dict[str, Any]:
    """The settings that are not of this kind alone, also where they are written `topic.NAME`."""
    return {name: value for name, value in settings.items() if name.removeprefix("topic.") not in kind}
