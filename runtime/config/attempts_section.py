"""The section `worker.attempts`: the topic that attempts are written to, which of them, and for how long."""

from collections.abc import Sequence
from typing import Final

from runtime.config.names import topic_name
from runtime.config.quantities import duration
from runtime.config.reading import Section, Value
from runtime.config.settings import AttemptSettings, KeptAttempts
from runtime.config.value_readers import one_of

_KEPT: Final[Sequence[KeptAttempts]] = ("failures", "all")
_MINUTE, _CENTURY = 60.0, 36_500 * 86400.0


def read_attempts(value: Value) -> AttemptSettings:
    """Read the section; what is faulty is recorded and stands at its default."""
    section, default = Section(value), AttemptSettings()
    attempts = AttemptSettings(
        topic=section.read("topic", topic_name, default.topic),
        keep=section.read("keep", one_of(_KEPT), default.keep),
        retention_s=section.read("retention", duration(_MINUTE, _CENTURY), default.retention_s),
    )
    section.close()
    return attempts
