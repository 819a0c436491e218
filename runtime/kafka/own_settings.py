"""Settings of librdkafka that are the bridge's own, and why. Pure.

Whoever sets one of them is told so: what is written and has no effect would be believed in.
"""

from typing import Final

_PROMISE: Final = "because its promises depend on it"
_BODY: Final = "because it follows from intake.max_body"
_TURNS: Final = "so that partitions take turns"

OWN_SETTINGS: Final = {
    **dict.fromkeys(
        (
            "acks",
            "request.required.acks",
            "enable.idempotence",
            "transactional.id",
            "partitioner",
            "message.timeout.ms",
            "delivery.timeout.ms",
            "enable.auto.commit",
            "auto.commit.enable",
            "enable.auto.offset.store",
            "offset.store.method",
            "auto.offset.reset",
            "delivery.report.only.error",
            "group.id",
            "group.instance.id",
            "isolation.level",
            "partition.assignment.strategy",
        ),
        _PROMISE,
    ),
    **dict.fromkeys(("message.max.bytes", "queue.buffering.max.kbytes", "receive.message.max.bytes"), _BODY),
    **dict.fromkeys(("fetch.message.max.bytes", "max.partition.fetch.bytes"), _TURNS),
    "enable.partition.eof": "because it must know where partitions end",
    "transaction.timeout.ms": "because it follows from how long a transaction may take",
}
"""Settings that the bridge sets itself, librdkafka's aliases included, with the reason; each also as `topic.NAME`."""


def own_setting(name: str) -> str:
    """The setting of the bridge's own that this name means, however it is written; empty if it means none."""
    plain = name.strip().lower().removeprefix("topic.")
    return plain if plain in OWN_SETTINGS else ""
