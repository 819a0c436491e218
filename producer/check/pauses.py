"""What `check` finds of the control topic: endpoints that an operator has paused, and whether it keeps them so."""

from collections.abc import Iterator
from typing import Final

from producer.check.findings import Finding, Severity
from runtime.config.settings import Settings
from runtime.kafka.admin import Admin
from runtime.kafka.control_topic import ControlTopic
from runtime.kafka.topics import differences, plan_control
from schemas.names import group_of

_CLIENT_ID: Final = "registry-bridge"


def pause_findings(settings: Settings, admin: Admin, brokers: int) -> Iterator[Finding]:
    """Nothing where there is no such topic: then nothing was ever paused.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    found = admin.topic(settings.topics.control)
    if found is None:
        return
    for sentence in differences(plan_control(settings, brokers), found):
        yield Finding(Severity.WARNING, sentence)
    pauses = ControlTopic(settings, settings.kafka.revealed(), admin, client_id=_CLIENT_ID).look()
    for endpoint in settings.endpoints:
        if pause := pauses.get(group_of(settings.worker.group_prefix, endpoint.name)):
            yield Finding(Severity.WARNING, f"endpoint {endpoint.name}: {pause}; `registry-worker resume` ends it")
