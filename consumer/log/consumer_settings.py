"""Settings of an endpoint's consumer, resolved whenever a consumer is made: the group protocol may have changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.kafka.admin import Admin
from runtime.kafka.settings import ClientSettings, GroupProtocol, consumer_settings


class GroupProtocolChoice(Protocol):
    """Chooses the protocol for the members of a group."""

    def choose(self, group: str) -> GroupProtocol:
        """The protocol, as the cluster is now; may ask it, which blocks.

        Raises:
            KafkaUnavailableError: the cluster does not answer.
            ProtocolMissingError: the configured protocol is none that it takes part in.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Settings of the consumers of one group."""

    kafka: ClientSettings
    """librdkafka's."""
    client_id: str
    """How the broker's logs name it."""
    group: str
    """Whose offsets it reads and commits."""
    max_record_bytes: int
    """The largest record that it may meet."""
    protocols: GroupProtocolChoice | None = None
    """None for a consumer that never joins its group, and for `classic`."""

    def resolved(self) -> Mapping[str, Any]:
        """The settings for a consumer that is made now. Blocks and raises as `GroupProtocolChoice.choose` does."""
        return consumer_settings(
            self.kafka,
            client_id=self.client_id,
            group=self.group,
            max_record_bytes=self.max_record_bytes,
            protocol="classic" if self.protocols is None else self.protocols.choose(self.group),
        )

    def written(self, topic: str, partition: int) -> int:
        """The offset behind everything in a partition of their cluster, open transactions included. Blocks.

        It takes a client of its own, which is made for this one question: hardly a group ever needs it.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: no answer, or none that is ours to have.
        """
        return Admin(self.kafka, client_id=self.client_id).written(topic, [partition])[partition]
