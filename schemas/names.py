"""Names that producer, consumer and everything downstream agree on: headers, groups, ids that we make. Pure."""

import re
from typing import Final

CE_SPECVERSION: Final = "ce_specversion"
CE_ID: Final = "ce_id"
CE_TYPE: Final = "ce_type"
CE_SOURCE: Final = "ce_source"
CE_TIME: Final = "ce_time"
CE_SUBJECT: Final = "ce_subject"
CONTENT_TYPE: Final = "content-type"
SCHEMA_FINGERPRINT: Final = "schema-fingerprint"
TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"

CLOUDEVENTS_VERSION: Final = "1.0"
AVRO_MEDIA_TYPE: Final = "application/avro"
TYPE_PREFIX: Final = "registry.notifications."

MADE_ID_PREFIX: Final = "sha256-"
"""How an id begins that was made of an event's JSON or of a source's body, for want of one that will do."""
_MADE_ID_DIGITS: Final = 32
MADE_ID: Final = re.compile(rf"{MADE_ID_PREFIX}[0-9a-f]{{{_MADE_ID_DIGITS}}}", re.ASCII)

LABEL: Final = re.compile(r"(?!\.+\Z)[a-z0-9._-]{1,63}", re.ASCII)
"""The label of a registry, given at intake; of dots alone it would be another path to many a proxy."""
LABEL_FORM: Final = "1 to 63 of the characters a-z 0-9 . _ -, not dots alone"
"""What a label is, in words."""


def made_id(digest: str) -> str:
    """The id made of what has this SHA-256, given in hexadecimal digits."""
    return MADE_ID_PREFIX + digest[:_MADE_ID_DIGITS]


def group_of(prefix: str, endpoint: str) -> str:
    """The consumer group whose offsets are the cursor of `endpoint`."""
    return f"{prefix}.{endpoint}"


def subject_of(topic: str) -> str:
    """The schema registry subject of a topic's values (Confluent's TopicNameStrategy)."""
    return f"{topic}-value"
