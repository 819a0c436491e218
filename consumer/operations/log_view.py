"""The view of one command on Kafka: its clients, made once, and the questions that commands have for topics and groups.

The secrets of the settings are unwrapped here and nowhere else in a command. All calls block.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from consumer.log.batch_reader import BatchReader
from consumer.log.positions import positions_of
from consumer.log.range_reader import RangeReader
from consumer.log.schema_ids import schema_ids_of
from consumer.operations.endpoint_positions import EndpointPosition, position_or_start
from consumer.places import Bounds, Place, bounds_of, offsets_at, ranges
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.kafka.admin import Admin
from runtime.kafka.cluster_state import GroupMembers
from runtime.kafka.control_topic import ControlTopic
from runtime.kafka.group_members import members_of
from runtime.kafka.groups import Groups
from runtime.kafka.topics import max_dead_letter_bytes, max_event_bytes
from runtime.kafka.writer import AcknowledgedWriter
from runtime.progress import NoProgress, ReadingProgress
from schemas.names import group_of


class LogView:
    """The Kafka clients of one command; close it, or use it as a context."""

    def __init__(
        self,
        settings: Settings,
        *,
        client_id: str,
        clock: Clock,
        progress: ReadingProgress | None = None,
        resolves_schemas: bool = True,
    ) -> None:
        """Does not reach out yet; the client that reads is made when something is read.

        Args:
            settings: of the installation.
            client_id: how the broker's logs name this command.
            clock: for places that are times ago.
            progress: shows how far a long reading is; None shows nothing.
            resolves_schemas: whether anybody wants the events in the records: a schema registry may have to be asked.

        Raises:
            ClientSettingsError: the address or the certificates of the schema registry cannot be used.
        """
        self._settings = settings
        self._kafka = settings.kafka.revealed()
        self._client_id = client_id
        self._progress: ReadingProgress = progress or NoProgress()
        self._schema_ids = schema_ids_of(settings, clock, program=client_id) if resolves_schemas else None
        self._reader: RangeReader | None = None
        self.clock: Final = clock
        self.log: Final = Admin(self._kafka, client_id=client_id)
        """The client for topics and their offsets."""
        self.groups: Final = Groups(self._kafka, client_id=client_id)
        """The client that reads and sets the commits of groups."""
        self.control: Final = ControlTopic(settings, self._kafka, self.log, client_id=client_id, clock=clock)
        """Which endpoints are paused."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client that reads."""
        if self._reader is not None:
            self._reader.close()

    def bounds(self, topic: str) -> Bounds:
        """The beginning and the end of every partition, now.

        Raises:
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        return bounds_of(self.log, topic)

    def offsets_at(self, topic: str, place: Place, bounds: Bounds) -> dict[int, int]:
        """The place's offset in each partition that it names, within the bounds.

        Raises:
            PlaceError: the topic has no such partition.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        return offsets_at(self.log, topic, place, bounds, now=self.clock.wall())

    def ranges(self, topic: str, from_: Place, to: Place, *, bounds: Bounds | None = None) -> dict[int, range]:
        """The offsets from `from_` (included) to `to` (excluded) in each partition that both name.

        The bounds of the topic are asked for unless they are given.

        Raises:
            PlaceError: no such partition, or `from_` is after `to`.
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        return ranges(self.log, topic, from_, to, now=self.clock.wall(), bounds=bounds)

    def position(self, endpoint: EndpointSettings) -> EndpointPosition:
        """The position of one endpoint; raises as `positions` does."""
        return self.positions([endpoint])[0]

    def positions(self, endpoints: Sequence[EndpointSettings]) -> list[EndpointPosition]:
        """The position of each endpoint in the events topic, or where it would begin, in the order given.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        groups = {endpoint.name: self.group(endpoint) for endpoint in endpoints}
        found = positions_of(self.log, self.groups, self._settings.topics.events, list(groups.values()))
        now = self.clock.wall()
        return [position_or_start(self.log, one, found[groups[one.name]], now=now) for one in endpoints]

    def members(self, endpoints: Sequence[EndpointSettings]) -> list[GroupMembers]:
        """The members of each endpoint's group, in the order given; blocks, 20 seconds at most."""
        groups = [self.group(endpoint) for endpoint in endpoints]
        found = members_of(self._kafka, groups, self._settings.topics.events, client_id=self._client_id)
        return [found[group] for group in groups]

    def group(self, endpoint: EndpointSettings) -> str:
        """The consumer group of an endpoint."""
        return group_of(self._settings.worker.group_prefix, endpoint.name)

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The records at these offsets, each partition's in order; a second call ends the first.

        Args:
            topic: where they lie.
            ranges: offsets by partition; none may reach beyond the end that the log has now.
            limit: records of each partition at most.

        Raises:
            KafkaUnavailableError: nothing came for 30 s.
            KafkaRefusedError: no topic or partition of that name, or it may not be read.
            SchemaRegistryUnavailableError: a schema had to be asked for in vain.
        """
        if self._reader is None:
            self._reader = RangeReader(
                self._kafka,
                client_id=self._client_id,
                max_record_bytes=max_dead_letter_bytes(self._settings),
                schema_ids=self._schema_ids,
            )
        return self._reader.read(topic, ranges, limit=limit)

    def scan(self, topic: str, ranges: Mapping[int, range], label: str) -> Iterator[Record]:
        """Read likewise, and show under this label how far it is."""
        return self._progress.watch(self.read(topic, ranges), sum(map(len, ranges.values())), label)

    def open_batches(self) -> BatchReader:
        """A client that reads the events topic in bulk, for one thread; whoever asked for it closes it."""
        return BatchReader(
            self._kafka,
            client_id=self._client_id,
            max_record_bytes=max_event_bytes(self._settings),
            fingerprints=self._schema_ids,
        )

    def open_writer(self) -> AcknowledgedWriter:
        """A client that writes records of the dead-letter topic; whoever asked for it closes it."""
        return AcknowledgedWriter(
            self._kafka, client_id=self._client_id, max_record_bytes=max_dead_letter_bytes(self._settings)
        )
