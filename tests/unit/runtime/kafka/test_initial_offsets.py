"""Where endpoints begin, when the coordinator of their groups has forgotten what its log holds."""

from collections.abc import Iterable, Mapping

import pytest

from runtime.config.load import settings_from
from runtime.config.settings import Settings
from runtime.kafka.cluster_state import Committed
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.initial_offsets import begin

GROUP = "registry-worker.e"


class Log:
    """A topic with so many records in each of its two partitions."""

    def __init__(self, records: int) -> None:
        self._records = records

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Nothing was removed."""
        return dict.fromkeys(partitions, 0)

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Behind the last record."""
        return dict.fromkeys(partitions, self._records)

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """One came in each millisecond since 1970: its offset is its time."""
        return dict.fromkeys(partitions, timestamp_ms)


class Coordinator:
    """Keeps offsets in a log and in memory; while `is_out_of_step`, that knows nothing of the log.

    As Kafka 4.3.1: it answers from memory; what it is to keep goes to the log, and only then it finds that it is out of
    step, answers with an error, and loads its log anew, which may fail again.
    """

    def __init__(self, *, loads_in_vain: int = 0) -> None:
        self.log: list[tuple[str, dict[int, Committed]]] = []
        self._memory: dict[str, dict[int, Committed]] = {}
        self.is_out_of_step = False
        self._loads_in_vain = loads_in_vain

    def crash(self) -> None:
        """It is loaded anew, and forgets."""
        self._memory, self.is_out_of_step = {}, True

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """What it remembers."""
        return dict(self._memory.get(group, {}))

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """The log has it in any case."""
        self.log.append((group, dict(offsets)))
        if self.is_out_of_step:
            self._load()
            raise KafkaUnavailableError("out of sync with the underlying log")
        self._memory.setdefault(group, {}).update(offsets)

    def prove_in_step(self, group: str, topic: str) -> None:
        """By a write."""
        self.commit(f"{group}.sibling", topic, {0: Committed(0)})

    def _load(self) -> None:
        if self._loads_in_vain:
            self._loads_in_vain -= 1
            return
        self._memory, self.is_out_of_step = {}, False
        for group, offsets in self.log:
            self._memory.setdefault(group, {}).update(offsets)


def settings(start: str) -> Settings:
    """One endpoint."""
    endpoint = {"name": "e", "url": "http://127.0.0.1:9/", "start": start}
    return settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:1"}, "endpoints": [endpoint]}, {})


def begun(coordinator: Coordinator, start: str, records: int) -> dict[int, Committed]:
    """The endpoint's cursor after a command has looked for it as often as it must."""
    config = settings(start)
    for _ in range(9):
        try:
            begin(Log(records), coordinator, config, config.endpoints, 2, now=0.0)
        except KafkaUnavailableError:
            continue
        return coordinator.committed(GROUP, "t", range(2))
    raise AssertionError("never begun")


@pytest.mark.parametrize("loads_in_vain", [0, 1, 3])
@pytest.mark.parametrize("start", ["new", "end", "beginning"])
def test_a_cursor_that_was_forgotten_is_kept(start: str, loads_in_vain: int) -> None:
    """Whatever `start` says: no event is passed over, and none comes twice."""
    coordinator = Coordinator(loads_in_vain=loads_in_vain)
    coordinator.commit(GROUP, "t", {0: Committed(3), 1: Committed(4)})
    coordinator.crash()
    assert {0: Committed(3), 1: Committed(4)} == begun(coordinator, start, records=10)
    assert not coordinator.is_out_of_step


def test_a_new_endpoint_begins_where_it_should() -> None:
    """The proof changes nothing for it, also if the coordinator is out of step for others."""
    coordinator = Coordinator()
    coordinator.commit("registry-worker.other", "t", {0: Committed(3)})
    coordinator.crash()
    assert dict.fromkeys(range(2), Committed(10)) == begun(coordinator, "new", records=10)
    assert dict.fromkeys(range(2), Committed(0)) == begun(Coordinator(), "beginning", records=10)


def test_an_empty_log_needs_no_proof() -> None:
    """No event could be passed over: nothing is written but the cursor."""
    coordinator = Coordinator()
    begun(coordinator, "new", records=0)
    assert [GROUP] == [group for group, _ in coordinator.log]


def test_no_record_from_before_a_start_in_a_millisecond_is_delivered() -> None:
    """A time finer than a record's is rounded up, as in `--from`."""
    begun_at = begun(Coordinator(), "2026-01-31T12:00:00.0005Z", records=10**15)
    assert dict.fromkeys(range(2), Committed(1769860800001)) == begun_at
