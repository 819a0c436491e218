"""Our commands with one bug planted, which the oracle must find: `BUG deliver ...` or `BUG serve ...`."""

import asyncio
import ctypes
import importlib
import sys
from collections.abc import Sequence
from typing import Any, Final

from consumer.dead_letters.writing import Burial
from consumer.endpoint.endpoint import Endpoint
from consumer.log.rebalancing import Rebalancing
from consumer.offsets.commit_policy import CommitPolicy
from consumer.offsets.commits import Commit, Commits
from consumer.offsets.ledger import Snapshot
from consumer.offsets.partition import Partition
from consumer.worker.health import Health
from runtime.errors import BridgeError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter


def commit_before_delivery() -> None:
    """Commits what was read, delivered or not."""

    def everything_read(_: Commits, partition: Partition) -> Commit:
        return Commit(partition.number, partition.epoch, Snapshot(partition.ledger.next), "")

    _plant(Commits, "now", everything_read)


def commit_past_a_hole() -> None:
    """Commits the highest finished offset, whatever is unfinished below it."""

    def without_holes(_: Commits, partition: Partition) -> Commit:
        snapshot = partition.ledger.snapshot()
        offset = snapshot.top + 1 if snapshot.holes else snapshot.offset
        return Commit(partition.number, partition.epoch, Snapshot(offset), "")

    _plant(Commits, "now", without_holes)


def drop_unwritten_letters() -> None:
    """Takes a dead letter that Kafka refuses for written."""

    async def once(burial: Burial, *arguments: Any) -> None:
        try:
            async with asyncio.timeout(1.0):
                await whole(burial, *arguments)
        except (TimeoutError, BridgeError):
            return

    whole = Burial.bury
    _plant(Burial, "bury", once)


def acknowledge_before_kafka() -> None:
    """Says yes to a registry at once, and writes afterwards."""
    writing = set[asyncio.Task[None]]()

    async def later(writer: AcknowledgedWriter, records: Sequence[OutgoingRecord]) -> None:
        task = asyncio.create_task(whole(writer, records))
        writing.add(task)
        task.add_done_callback(writing.discard)

    whole = AcknowledgedWriter.write_soon
    _plant(AcknowledgedWriter, "write_soon", later)


def miss_a_commits_answer() -> None:
    """Waits for ever for the answer to the first commit."""
    seen = set[int]()

    def once_deaf(endpoint: Endpoint, *arguments: Any) -> None:
        if id(endpoint) in seen:
            whole(endpoint, *arguments)
        seen.add(id(endpoint))

    whole = Endpoint.committed
    _plant(Endpoint, "committed", once_deaf)
    _plant(CommitPolicy, "is_overdue", lambda *_: False)


def hold_the_interpreter() -> None:
    """Stands still for ever when a consumer is to be closed, and lets no other thread go on."""

    def held(_: Rebalancing) -> None:
        ctypes.PyDLL(None).sleep(3600)

    _plant(Rebalancing, "settle", held)


def always_ready() -> None:
    """Says that all is well, always."""

    async def no_reasons(_: Health) -> list[str]:
        return []

    _plant(Health, "reasons", no_reasons)


BUGS: Final = {
    bug.__name__: bug
    for bug in (
        commit_before_delivery,
        commit_past_a_hole,
        drop_unwritten_letters,
        acknowledge_before_kafka,
        miss_a_commits_answer,
        always_ready,
        hold_the_interpreter,
    )
}


def _plant(owner: type, name: str, fault: Any) -> None:
    """Put a fault in the place of a method, which must be there."""
    assert callable(getattr(owner, name)), f"{owner.__name__} has no method {name}"
    setattr(owner, name, fault)


def main() -> Any:
    """Plant the bug that the first argument names, and run the command."""
    BUGS[sys.argv.pop(1)]()
    program = "producer.cli" if sys.argv[1] == "serve" else "consumer.cli"
    return importlib.import_module(program).main()
