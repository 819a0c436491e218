"""What `check` says of the cluster's version, and of the protocol that the workers' groups will use there."""

from collections.abc import Iterator, Mapping
from typing import Final

from producer.check.findings import Finding, Severity
from runtime.config.settings import Settings
from runtime.kafka.group_protocol import AUTO, Ask, ProtocolMissingError, ProtocolSupport, ask, choose
from schemas.names import group_of

_CLIENT_ID: Final = "registry-bridge"
_VERSION: Final = "inter.broker.protocol.version"
_REPEATS: Final = "events can repeat when a worker comes or goes"


def cluster_version(broker_settings: Mapping[str, str]) -> Finding:
    """Brokers name their version in a setting until 3.9, and from 4.0 on not at all."""
    version = broker_settings.get(_VERSION)
    version_text = f"{_VERSION} {version}" if version else f"4.0 or newer: they have no {_VERSION}"
    return Finding(Severity.OK, f"the brokers are of Kafka {version_text}")


def group_protocol(settings: Settings, ask: Ask = ask) -> Iterator[Finding]:
    """Whether the cluster takes part in the protocol `consumer`, and what follows from it.

    Raises:
        KafkaUnavailableError: no answer.
    """
    kafka = settings.kafka.revealed()
    wanted = str(kafka.get("group.protocol", AUTO))
    group = group_of(settings.worker.group_prefix, settings.endpoints[0].name if settings.endpoints else "check")
    answer = ask(kafka, client_id=_CLIENT_ID, group=group, topic=settings.topics.events)
    yield _followed(wanted, answer)


def _followed(wanted: str, answer: ProtocolSupport) -> Finding:
    if wanted == "classic":
        better = f"; {answer.value}" if answer is ProtocolSupport.TAKES_PART else ""
        return Finding(Severity.WARNING, f"kafka.group.protocol is classic: {_REPEATS}{better}")
    try:
        choice = choose(wanted, answer)
    except ProtocolMissingError as error:
        return Finding(Severity.WRONG, str(error), error.exit_code)
    if choice.protocol == "consumer":
        return Finding(Severity.OK, f"groups use the protocol consumer; {answer.value}")
    return Finding(Severity.WARNING, f"groups use the protocol classic: {answer.value}; {_REPEATS}")
