"""The `kafka` section: librdkafka's settings pass through, the bridge's own do not; opens no connection.

Whatever Kafka's client library refuses is a fault of the file, found before anything is done.
"""

from typing import Final

from runtime.config.broker_list import BROKER_LIST, broker_list_fault, brokers_in, shown_brokers
from runtime.config.document import Scalar
from runtime.config.faults import RefusedValue, quoted
from runtime.config.reading import Value, show_nothing
from runtime.config.secrets import Secret, is_secret_kafka_setting
from runtime.config.settings import KafkaSettings
from runtime.config.shape import ANY_TEXT, shaped, text, words
from runtime.kafka.own_settings import OWN_SETTINGS, own_setting
from runtime.kafka.trial import property_refusal

BOOTSTRAP: Final = "bootstrap.servers"

_NO_TEXT: Final = frozenset(
    {"on_delivery", "on_commit", "logger", "opaque", "default.topic.config", "default_topic_conf"}
)
PROTOCOLS: Final = ("auto", "classic", "consumer")
"""What `group.protocol` can be."""
_CHOSEN: Final = "group.protocol"
"""The one setting of which the bridge knows more than the library."""
_SECURITY: Final = "security.protocol"
_PLAIN: Final = "plaintext"
_USED_BY: Final = {"sasl": "SASL_SSL", "ssl": "SSL or SASL_SSL"}
"""The protocols that use settings of this beginning, for whoever has written one without them."""


@shaped(
    {
        "type": "object",
        "properties": {BOOTSTRAP: text(BROKER_LIST), _CHOSEN: words(PROTOCOLS)},
        "required": [BOOTSTRAP],
        "propertyNames": {"not": {"enum": sorted(OWN_SETTINGS)}},
        "additionalProperties": ANY_TEXT,
    }
)
def read_kafka(value: Value) -> KafkaSettings:
    """Read the section; raises RefusedValue with the faults recorded."""
    properties: dict[str, str | Secret] = {}
    refused = False
    for name, member in value.members():
        if name == BOOTSTRAP:
            continue
        try:
            properties[name] = _property(name, member)
        except RefusedValue:
            refused = True
    if BOOTSTRAP not in {name for name, _ in value.members()}:
        value.member(BOOTSTRAP, []).fail("is missing; write the brokers, e.g. 127.0.0.1:9092")
    servers = _servers(value.at(BOOTSTRAP), _text_of(properties.get(_SECURITY, _PLAIN)))
    if refused:
        raise RefusedValue
    _warn_of_unused_security(value, properties.get(_SECURITY, _PLAIN))
    return KafkaSettings(bootstrap_servers=servers, properties=properties)


def _warn_of_unused_security(value: Value, protocol: str | Secret) -> None:
    """Say which settings the protocol leaves unused: with them and without it, everything goes in the clear."""
    parts, shown = _text_of(protocol).lower().split("_"), str(protocol).upper()
    for name, member in value.members():
        for part in _USED_BY:
            if name.startswith(f"{part}.") and part not in parts:
                member.warn_alone(f"has no effect, since {_SECURITY} is {shown}; write {_USED_BY[part]}")


def _text_of(property_value: str | Secret) -> str:
    return property_value.reveal() if isinstance(property_value, Secret) else property_value


def _servers(value: Value, security_protocol: str) -> str:
    value = value.shown_by(shown_brokers)
    text = value.text()
    if fault := broker_list_fault(text, security_protocol):
        value.refuse(fault)
    return ",".join(brokers_in(text))


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
    if own := own_setting(name):
        value.fail(f"is set by the bridge itself, {OWN_SETTINGS[own]}; leave it out")
    plain = name.strip().lower()
    if plain == "metadata.broker.list":
        value.fail(f"is not a known key; did you mean {BOOTSTRAP}?")
    if plain in _NO_TEXT or plain.endswith(("_cb", ".cb")):
        value.fail("cannot be set in a file: its value is program code")
