"""Names that producer, consumer and everything downstream agree on: headers and groups. Pure."""

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

LABEL: Final = re.compile(r"(?!\.+\Z)[a-z0-9._-]{1,63}", re.ASCII)
"""The label of a registry, given at intake; of dots alone it would be another path to many a proxy."""


def group_of(prefix: str, endpoint: str) -> str:
    """The consumer group whose offsets are the cursor of `endpoint`."""
    return f"{prefix}.{endpoint}"


def subject_of(topic: str) -> str:
    """The schema registry subject of a topic's values (Confluent's TopicNameStrategy)."""
    return f"{topic}-value"
