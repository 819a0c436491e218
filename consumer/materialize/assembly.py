"""The parts of `materialize`, put together."""

import threading
from typing import Final

from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.group_reader import GroupReader
from consumer.log.range_reader import RangeReader
from consumer.log.schema_ids import schema_ids_of
from consumer.materialize.keeper import PartitionCountError, TagKeeper
from consumer.materialize.kept_partition import KeptPartition, Topics
from consumer.places import TopicMissingError
from runtime.clock import Clock
from runtime.config import Settings
from runtime.counts import counted
from runtime.kafka.admin import Admin
from runtime.kafka.group_protocol import GroupProtocols
from runtime.kafka.topics import ensure_tags, max_event_bytes
from runtime.kafka.transactions import TransactionalWriter

CLIENT_ID: Final = "registry-worker-materialize"
_LARGEST_ROW: Final = 64 * 1024
"""Bytes: names are at most 1024 characters, each of which may be 12 bytes in a key."""


def group_of_tags(settings: Settings) -> str:
    """The consumer group of all that keep tags."""
    return f"{settings.worker.group_prefix}-materialize"


class TagParts:
    """Opens readers and partitions, see `Opening`."""

    def __init__(self, settings: Settings, topic: str, clock: Clock, stop: threading.Event) -> None:
        """Does not reach out yet.

        Args:
            settings: of the installation.
            topic: of tags.
            clock: for durations.
            stop: set to give up reading.

        Raises:
            ClientSettingsError: the address or the certificates of the schema registry cannot be used.
        """
        self._settings: Final = settings
        self._kafka: Final = settings.kafka.revealed()
        self._topic: Final = topic
        self._clock: Final = clock
        self._stop: Final = stop
        self._protocols: Final = GroupProtocols(self._kafka, client_id=CLIENT_ID, topic=settings.topics.events)
        self._schema_ids: Final = schema_ids_of(settings, clock, program=CLIENT_ID)
        self._ranges: RangeReader | None = None
        self._partitions = 0
        self.admin: Final = Admin(self._kafka, client_id=CLIENT_ID)

    def open_reader(self, owner: TagKeeper) -> GroupReader:
        """A member of the group, when both topics are there with the same partitions.

        Raises:
            PartitionCountError: they differ.
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        events = self.admin.topic(self._settings.topics.events)
        if events is None:
            raise TopicMissingError(
                f"there is no topic {self._settings.topics.events} (registry-bridge init creates it)"
            )
        ensure_tags(self.admin, self._settings)
        tags = self.admin.topic(self._topic)
        self._partitions = 0 if tags is None else tags.partitions
        self._compare(events.partitions)
        settings = ConsumerSettings(
            self._kafka,
            CLIENT_ID,
            group_of_tags(self._settings),
            max_event_bytes(self._settings),
            self._protocols,
        )
        return GroupReader(settings, self._settings.topics.events, owner, self._clock)

    def open_partition(self, number: int) -> KeptPartition:
        """The partition, with its one writer."""
        self._compare(number + 1 if number >= self._partitions else self._partitions)
        events = self._settings.topics.events
        writer = TransactionalWriter(
            self._kafka,
            client_id=CLIENT_ID,
            transactional_id=f"{group_of_tags(self._settings)}.{self._topic}.{number}",
            max_record_bytes=_LARGEST_ROW,
        )
        topics = Topics(
            events, self.admin.topic_id(events), self._topic, self.admin, self._open_ranges(), self._stop.is_set
        )
        return KeptPartition(number, topics, writer)

    def close(self) -> None:
        """Close the client that reads ranges."""
        if self._ranges is not None:
            self._ranges.close()
            self._ranges = None

    def _open_ranges(self) -> RangeReader:
        if self._ranges is None:
            self._ranges = RangeReader(
                self._kafka,
                client_id=CLIENT_ID,
                max_record_bytes=max_event_bytes(self._settings),
                schema_ids=self._schema_ids,
            )
        return self._ranges

    def _compare(self, partitions: int) -> None:
        if partitions != self._partitions:
            raise PartitionCountError(
                f"topic {self._topic} has {counted(self._partitions, 'partition')}, {self._settings.topics.events} has "
                f"{partitions}: a tag is kept in the partition of its events, so they must be equal (docs/tags.md)"
            )
