"""`--from` and `--to` over an export: the same places as over the log, resolved to the same offsets.

Answers what `consumer.places` asks of a log from the records that the export holds.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from consumer.places import Place, ranges
from runtime.kafka.cluster_state import Topic

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLE: Final = """
create or replace temp table ranges (
    kafka_topic varchar, kafka_partition integer, first_offset bigint, end_offset bigint
)
"""


class ExportedOffsets:
    """A topic's offsets as far as an export knows them; a partition without records begins and ends at 0."""

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self._connection = connection

    def topics(self) -> list[str]:
        """The topics that records are from."""
        found = self._connection.execute("select distinct kafka_topic from exported order by 1").fetchall()
        return [topic for (topic,) in found]

    def topic(self, name: str) -> Topic | None:
        """The topic, with partitions up to the last that has records."""
        found = self._connection.execute(
            "select max(kafka_partition) + 1 from exported where kafka_topic = ?", [name]
        ).fetchone()
        return None if found is None or found[0] is None else Topic(name, found[0], 0, {})

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Each partition's first offset."""
        return self._by_partition("min(kafka_offset)", topic, dict.fromkeys(partitions, 0))

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset after each partition's last."""
        return self._by_partition("max(kafka_offset) + 1", topic, dict.fromkeys(partitions, 0))

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Each partition's first offset with a record not before `timestamp_ms`; its end if there is none."""
        first = f"min(kafka_offset) filter (epoch_us(accepted_at) >= {timestamp_ms * 1000})"
        return self._by_partition(f"coalesce({first}, max(kafka_offset) + 1)", topic, dict.fromkeys(partitions, 0))

    def _by_partition(self, what: str, topic: str, otherwise: dict[int, int]) -> dict[int, int]:
        found = self._connection.execute(
            f"select kafka_partition, {what} from exported where kafka_topic = ? group by 1",  # noqa: S608 - no input
            [topic],
        ).fetchall()
        return otherwise | {partition: offset for partition, offset in found if partition in otherwise}


def select_ranges(connection: "DuckDBPyConnection", from_: Place, to: Place, *, now: float) -> None:
    """Make the table `ranges` of what lies from `from_` (included) to `to` (excluded).

    Raises:
        PlaceError: no such partition, or `from_` lies behind `to`.
    """
    exported = ExportedOffsets(connection)
    connection.execute(_TABLE)
    for topic in exported.topics():
        for partition, offsets in ranges(exported, topic, from_, to, now=now).items():
            row = [topic, partition, offsets.start, offsets.stop]
            connection.execute("insert into ranges values (?, ?, ?, ?)", row)
