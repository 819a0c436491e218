"""The parts of `materialize`, put together."""

import threading
from typing import Final

from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.group_reader import GroupReader
from consumer.log.range_reader import RangeReader
from consumer.log.schema_ids import schema_ids_of
from consumer.materialize.keeper import TagKeeper
from consumer.materialize.kept_partition import KeptPartition, Topics
from consumer.places import TopicMissingError
from consumer.tags.partition_counts import require_same
from runtime.clock import Clock
from runtime.config import Settings
from runtime.kafka.admin import Admin
from runtime.kafka.group_protocol import GroupProtocols
from runtime.kafka.topics import ensure_tags, max_event_bytes
from runtime.kafka.transactions import TransactionalWriter

CLIENT_ID: Final = "registry-worker-materialize"
_LARGEST_ROW: Final = 256 * 1024
"""Bytes: names are at most 1024 characters, each of which may be 12 bytes in a key; and the digests of 200 children."""


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
            clock: for durations, and for when records were found to be gone.
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
            TopicMissingError: one of them is not there, as far as the broker knows that was asked.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        events = self.admin.topic(self._settings.topics.events)
        if events is None:
            raise _missing(self._settings.topics.events)
        ensure_tags(self.admin, self._settings)
        tags = self.admin.topic(self._topic)
        if tags is None:
            raise _missing(self._topic)
        self._partitions = tags.partitions
        require_same(self._topic, self._partitions, self._settings.topics.events, events.partitions)
        settings = ConsumerSettings(
            self._kafka,
            CLIENT_ID,
            group_of_tags(self._settings),
            max_event_bytes(self._settings),
            self._protocols,
        )
        return GroupReader(settings, self._settings.topics.events, owner, self._clock)

    def open_partition(self, number: int) -> KeptPartition:
        """The partition, with its one writer.

        Raises:
            PartitionCountError: the topic of tags has no such partition.
            TopicMissingError: there is no events topic, as far as the broker knows that was asked.
        """
        events, events_id = self._settings.topics.events, self.events_id()
        if events_id is None and not self.admin.has_topic(events):
            raise _missing(events)
        if number >= self._partitions:
            now = self.admin.topic(events)
            least = number + 1
            require_same(self._topic, self._partitions, events, least if now is None else max(now.partitions, least))
        writer = TransactionalWriter(
            self._kafka,
            client_id=CLIENT_ID,
            transactional_id=f"{self._topic}.{number}",  # whichever group it belongs to
            max_record_bytes=_LARGEST_ROW,
        )
        topics = Topics(
            events,
            events_id,
            self._topic,
            self._partitions,
            self.admin,
            self._open_ranges(),
            self._stop.is_set,
            self._clock,
            schema_ids=self._schema_ids,
            passes_unknown=self._settings.worker.unknown_schema == "dead-letter",
        )
        return KeptPartition(number, topics, writer)

    def events_id(self) -> str | None:
        """The id of the events topic that is there now, if it is known."""
        return self.admin.topic_id(self._settings.topics.events)

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


def _missing(topic: str) -> TopicMissingError:
    """Also of a topic that the broker does not know yet, because it has just started."""
    return TopicMissingError(f"there is no topic {topic} (registry-bridge init creates it)")
