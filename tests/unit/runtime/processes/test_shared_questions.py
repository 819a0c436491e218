"""Questions under way are put once."""

import asyncio

import pytest

from runtime.processes.shared_questions import SharedQuestions
from tests.kit.virtual_time import simulated


class Numbered(SharedQuestions[int]):
    """Answers with the number of the question, after a second; `/no` is never answered."""

    def __init__(self) -> None:
        super().__init__()
        self.put_so_far = 0

    async def put(self, path: str) -> int:
        """As said."""
        self.put_so_far += 1
        number = self.put_so_far
        await asyncio.sleep(1.0)
        if path == "/no":
            raise LookupError(path)
        return number


@simulated
async def test_whoever_asks_meanwhile_gets_the_same_answer() -> None:
    """Of the same page; who asks later asks anew."""
    asked = Numbered()
    assert [1, 1, 1, 2] == await asyncio.gather(*(asked.ask(path) for path in ("/a", "/a", "/a", "/b")))
    assert 3 == await asked.ask("/a")


@simulated
async def test_one_that_goes_away_takes_nothing_from_the_others() -> None:
    """A client that closes its connection ends its own wait alone."""
    asked = Numbered()
    first, second = (asyncio.create_task(asked.ask("/a")) for _ in range(2))
    await asyncio.sleep(0.5)
    first.cancel()
    assert 1 == await second


@simulated
async def test_all_get_the_error() -> None:
    """And the next question is put again."""
    asked = Numbered()
    found = await asyncio.gather(*(asked.ask("/no") for _ in range(2)), return_exceptions=True)
    assert [LookupError, LookupError] == [type(one) for one in found]
    with pytest.raises(LookupError):
        await asked.ask("/no")
    assert 2 == asked.put_so_far
