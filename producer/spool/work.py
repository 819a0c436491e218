"""What the event loop asks of the spool's thread."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from producer.spool.amount import SpoolAmount
from producer.spool.database import SpoolDatabase
from producer.spool.spooled_record import RowDraft


@dataclass(slots=True)
class Append:
    """The rows of one POST that wait for the disk: all or none."""

    drafts: Sequence[RowDraft]
    done: "asyncio.Future[SpoolAmount]"
    """What the spool holds when they are on disk, or a SpoolError."""
    is_abandoned: bool = False
    """Nobody waits any more: they are left out if they are not being written yet."""

    @property
    def size(self) -> int:
        """Bytes of content."""
        return sum(len(draft.content) for draft in self.drafts)


@dataclass(slots=True)
class Inquiry:
    """Something else that is asked of the database."""

    ask: Callable[[SpoolDatabase], Any]
    done: "asyncio.Future[Any]"


class StopWork:
    """Nothing more is asked."""


Work = Append | Inquiry | StopWork
