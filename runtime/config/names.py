"""What may name a topic, a consumer group, an endpoint or a registry: patterns and what faults say of them."""

import re
from typing import Final

from runtime.config.reading import Value
from runtime.config.shape import shaped, text
from runtime.config.value_readers import matching

group_prefix: Final = matching(r"[A-Za-z0-9._-]{1,100}", "is not 1 to 100 of the characters A-Z a-z 0-9 . _ -")
registry_label: Final = matching(r"[a-z0-9._-]{1,63}", "is not 1 to 63 of the characters a-z 0-9 . _ -")
intake_path: Final = matching(
    r"(/[A-Za-z0-9._~-]+)+",
    "is not a path; write e.g. /events: it begins with /, does not end with one, and needs no escapes",
)

_LONGEST_ENDPOINT_NAME: Final = 100
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")


def topic_fault(name: str) -> str:
    """Why a text is no name for a topic of ours, as the end of a sentence; empty if it is one."""
    if not _TOPIC.fullmatch(name):
        return "is not a topic's name: 1 to 249 of the characters A-Z a-z 0-9 . _ -"
    if name in {".", ".."} or name.startswith("__"):
        return "is not a topic's name: . and .. and names that begin with __ are Kafka's own"
    return ""


@shaped(text(_TOPIC.pattern))
def topic_name(value: Value) -> str:
    """Read a topic's name as Kafka takes it; its own (`__...`), `.` and `..` are none of ours."""
    name = value.text()
    if fault := topic_fault(name):
        value.refuse(fault)
    return name


@shaped(text(rf".{{1,{_LONGEST_ENDPOINT_NAME}}}"))
def endpoint_name(value: Value) -> str:
    """Read an endpoint's name: any text that a registry's file may have there and a line of a log can show."""
    name = value.text()
    if not name.isprintable() or not 1 <= len(name) <= _LONGEST_ENDPOINT_NAME:
        value.refuse(f"is not 1 to {_LONGEST_ENDPOINT_NAME} printable characters")
    return name
