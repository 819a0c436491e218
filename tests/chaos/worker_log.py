"""What only a worker's log can tell: which tries had no answer for it, and that it lost its partitions to its group."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.chaos.facts import Failure
from tests.chaos.stopwatch import Stopwatch

FAILED: Final = "delivery.failed"
LOST: Final = "log.partitions_lost"


class WorkerLog:
    """The log of one process.

    Args:
        file: of JSON lines.
        life: the incarnation of the process.
        watch: the time of the run.
    """

    def __init__(self, file: Path, life: str, watch: Stopwatch) -> None:
        self._life = life
        self._watch = watch
        self._entries = list(_entries(file))

    def failures(self) -> list[Failure]:
        """The tries without an answer."""
        return [self._failure(one) for one in self._entries if one["event"] == FAILED and one["status"] is None]

    def expelled(self) -> set[str]:
        """The incarnation, if it lost its partitions to its group."""
        return {self._life for entry in self._entries if entry["event"] == LOST}

    def _failure(self, entry: dict[str, Any]) -> Failure:
        _, partition, offset = str(entry["record"]).rsplit("/", 2)
        at = self._watch.of_wall(datetime.fromisoformat(entry["timestamp"]).timestamp())
        return Failure(self._life, entry["endpoint"], (int(partition), int(offset)), at)


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    """A line that is cut off, because its process was killed, is left out."""
    for line in file.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and "event" in entry:
            yield entry
