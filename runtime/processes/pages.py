"""The children's pages: one question to all, at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runtime.errors import BridgeError
from runtime.http.local_exchange import LIMIT_S, LocalAnswer, local_get
from runtime.processes.keeper import Keeper
from runtime.processes.shared_questions import SharedQuestions


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """What one child answered."""

    number: int
    start: int
    """Which child of this slot answered: counters begin again with each."""
    answer: LocalAnswer | None = None
    trouble: str = ""
    """Why there is no answer; empty if there is one."""
    is_silent: bool = False
    """Whether it was to answer, as it listens, and did not."""

    @property
    def named_trouble(self) -> str:
        """The same, with the child's name."""
        return f"process {self.number}: {self.trouble}" if self.trouble else ""


class ChildPages(SharedQuestions[list[ChildAnswer]]):
    """Asks all children of a command."""

    def __init__(self, keepers: Sequence[Keeper], *, limit_s: float = LIMIT_S) -> None:
        """`limit_s` is what each answer may take, in seconds."""
        super().__init__()
        self._keepers: Final = keepers
        self._limit_s: Final = limit_s

    async def put(self, path: str) -> list[ChildAnswer]:
        """What each child answers to `GET path`, in the order of their numbers."""
        return list(await asyncio.gather(*(_ask(keeper, path, self._limit_s) for keeper in self._keepers)))


async def _ask(keeper: Keeper, path: str, limit_s: float) -> ChildAnswer:
    start = keeper.starts
    if keeper.trouble:
        return ChildAnswer(keeper.slot.number, start, trouble=keeper.trouble)
    try:
        return ChildAnswer(keeper.slot.number, start, await local_get(keeper.slot.pages, path, limit_s=limit_s))
    except BridgeError as error:
        return _unanswered(keeper, start, str(error))


def _unanswered(keeper: Keeper, start: int, error: str) -> ChildAnswer:
    """It may have ended meanwhile."""
    return ChildAnswer(keeper.slot.number, start, trouble=keeper.trouble or error, is_silent=not keeper.trouble)
