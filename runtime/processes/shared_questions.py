"""Questions under way, one of a kind: whoever asks the same meanwhile gets the same answer.

Anybody who reaches an address may ask for its pages as often as he likes; what that costs us is bounded here.
"""

import asyncio
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class SharedQuestions(ABC, Generic[_Answer]):
    """Asks for pages."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[_Answer]] = {}

    async def ask(self, path: str) -> _Answer:
        """The answer to `GET path`, whoever asked first; raises what that raised."""
        if path not in self._under_way:
            asking = asyncio.create_task(self.put(path))
            asking.add_done_callback(lambda _: self._under_way.pop(path))
            self._under_way[path] = asking
        return await asyncio.shield(self._under_way[path])

    @abstractmethod
    async def put(self, path: str) -> _Answer:
        """Put the question."""
