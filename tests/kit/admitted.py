"""An admission with its partitions and lanes, for tests."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from consumer.filters.endpoint_filter import Filter
from consumer.lanes.admission import Admission
from consumer.lanes.allowed import Allowed
from consumer.lanes.lanes import Lanes
from consumer.lanes.screening import Screening
from consumer.log.decoding import UnaskedError
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.avro import UndecodableError
from tests.simulation.simulated_log import Stored
from tests.simulation.simulation import endpoint_settings


@dataclass
class Door:
    """An admission with its lanes and partitions, and what it told."""

    concurrency: int = 64
    max_events: int = 1
    window: int = 24_000
    lanes: Lanes = field(default_factory=Lanes)
    rules: list[str] = field(default_factory=list)
    """Those by which events were filtered."""
    count: int = 0
    """Events that were admitted."""
    undecodable: list[tuple[int, str]] = field(default_factory=list)
    obstructed: list[int] = field(default_factory=list)
    giving_up: int = 0
    """Undecodable records whose dead letters are not written yet."""
    known: dict[int, str | None] | None = None
    """Fingerprints by foreign schema id; None: there is no schema registry."""

    def __post_init__(self) -> None:
        self.partitions = [Partition(number, 1, Ledger(0, end=0, window=self.window)) for number in range(3)]
        settings = endpoint_settings(
            ignore={"actions": ["pull"]}, concurrency=self.concurrency, batch={"max_events": self.max_events}
        )
        screening = Screening(Filter(settings), None if self.known is None else self)
        self.admission = Admission(settings, self.lanes, screening, undecodable=self, monitor=self)

    def __len__(self) -> int:
        return self.giving_up

    def filtered(self, rule: str, events: int) -> None:
        """Note it for each."""
        self.rules += [rule] * events

    def admitted(self) -> None:
        """Note it."""
        self.count += 1

    def upgrade_needed(self, partition: Partition) -> None:
        """Note it."""
        self.obstructed.append(partition.number)

    def ask(self, schema_id: int) -> None:
        """Nobody asks: the test says what is known."""
        raise AssertionError(schema_id)

    def give_up(self, record: Record, partition: Partition, error: str) -> None:
        """Note it."""
        assert partition is self.partitions[record.partition]
        self.undecodable.append((record.offset, error))
        self.giving_up += 1

    def resolve_known(self, record: Record, schema_id: int) -> Record:
        """What a schema registry says of an id."""
        assert self.known is not None
        if schema_id not in self.known:
            raise UnaskedError(schema_id)
        fingerprint = self.known[schema_id]
        if fingerprint is None:
            raise UndecodableError("nobody knows it")
        return replace(record, schema_fingerprint=fingerprint)

    @property
    def lanes_hold(self) -> list[int]:
        """Offsets of the deliveries that wait in the lanes, in the order in which they came."""
        return [delivery.record.offset for lane in self.lanes._lanes.values() for delivery in lane.queue]

    def read(self, number: int, *records: Stored, first: int = 0) -> None:
        """Records that were read of a partition."""
        backlog = self.partitions[number].backlog
        for offset, at in enumerate(records, first):
            backlog.append(Record("registry.events", number, offset, 7, at.key, at.value, at.headers))

    def admit(self, allowed: Allowed = Allowed.ALL) -> None:
        """Let in what helps."""
        while not self.admission.admit(self.partitions, 0.0, 0.0, allowed):
            pass
