"""The `kafka` section: librdkafka's settings pass through, those that carry the promise do not; opens no connection.

Whatever Kafka's client library refuses is a fault of the file, found before anything is done.
"""

import re
from typing import Final

from runtime.config.document import Scalar
from runtime.config.faults import RefusedValue, quoted
from runtime.config.reading import Value, show_nothing
from runtime.config.secrets import Secret, is_secret_kafka_setting
from runtime.config.settings import KafkaSettings
from runtime.config.shape import ANY_TEXT, shaped, text, words
from runtime.kafka.trial import property_refusal

BOOTSTRAP: Final = "bootstrap.servers"

FIXED: Final = frozenset(
    {
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
    }
)
"""Settings that the bridge sets itself, librdkafka's aliases included; each also as `topic.NAME`."""

_NO_TEXT: Final = frozenset(
    {"on_delivery", "on_commit", "logger", "opaque", "default.topic.config", "default_topic_conf"}
)
PROTOCOLS: Final = ("auto", "classic", "consumer")
"""What `group.protocol` can be."""
_CHOSEN: Final = "group.protocol"
"""The one setting of which the bridge knows more than the library."""
_SECURITY: Final = "security.protocol"
_USED_BY: Final = {"sasl": "SASL_SSL", "ssl": "SSL or SASL_SSL"}
"""The protocols that use settings of this beginning, for whoever has written one without them."""
_BROKER_LIST = re.compile(r"[^\s,]+(\s*,\s*[^\s,]+)*")


@shaped(
    {
        "type": "object",
        "properties": {BOOTSTRAP: text(_BROKER_LIST.pattern), _CHOSEN: words(PROTOCOLS)},
        "required": [BOOTSTRAP],
        "propertyNames": {"not": {"enum": sorted(FIXED)}},
        "additionalProperties": ANY_TEXT,
    }
)
def read_kafka(value: Value) -> KafkaSettings:
    """Read the section; raises RefusedValue with the faults recorded."""
    properties: dict[str, str | Secret] = {}
    servers, refused = None, False
    for name, member in value.members():
        try:
            if name == BOOTSTRAP:
                servers = _servers(member)
            else:
                properties[name] = _property(name, member)
        except RefusedValue:
            refused = True
    if BOOTSTRAP not in {name for name, _ in value.members()}:
        value.member(BOOTSTRAP, []).fail("is missing; write the brokers, e.g. 127.0.0.1:9092")
    if refused or servers is None:
        raise RefusedValue
    _warn_of_unused_security(value, str(properties.get(_SECURITY, "plaintext")).lower())
    return KafkaSettings(bootstrap_servers=servers, properties=properties)


def _warn_of_unused_security(value: Value, protocol: str) -> None:
    """Say which settings the protocol leaves unused: with them and without it, everything goes in the clear."""
    for name, member in value.members():
        for part in _USED_BY:
            if name.startswith(f"{part}.") and part not in protocol.split("_"):
                member.warn_alone(f"has no effect, since {_SECURITY} is {protocol.upper()}; write {_USED_BY[part]}")


def _servers(value: Value) -> str:
    text = value.text()
    return (
        text
        if _BROKER_LIST.fullmatch(text)
        else value.refuse("is not a list of brokers; write e.g. 127.0.0.1:9092,127.0.0.1:9093")
    )


def _property(name: str, value: Value) -> str | Secret:
    _refuse_what_is_not_free(name, value)
    secret = is_secret_kafka_setting(name)
    value = value.shown_by(show_nothing if secret else quoted)
    text = value.text()
    if "\x00" in text:
        value.refuse("holds a NUL character")
    if name == _CHOSEN and text not in PROTOCOLS:
        value.refuse(f"is not one of {', '.join(PROTOCOLS)}")
    if isinstance(value.node, Scalar) and value.node.kind == "bool":
        text = "true" if text.lower() in {"true", "yes", "on"} else "false"
    secret = secret or value.is_interpolated
    if name != _CHOSEN and (refusal := property_refusal(name, text, secret=secret)):
        value.refuse(f"is refused by Kafka's client: {refusal}")
    return Secret(text) if secret else text


def _refuse_what_is_not_free(name: str, value: Value) -> None:
    plain = name.strip().lower().removeprefix("topic.")
    if plain in FIXED:
        value.fail("is set by the bridge itself, because its promises depend on it; leave it out")
    if plain == "metadata.broker.list":
        value.fail(f"is not a known key; did you mean {BOOTSTRAP}?")
    if plain in _NO_TEXT or plain.endswith(("_cb", ".cb")):
        value.fail("cannot be set in a file: its value is program code")
