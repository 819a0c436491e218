"""A decorated repository, plain and awaitable."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.kit.listening import CONTENT, DIGEST, NAME, Case, Ear, awaited
from tests.kit.memory_repository import (
    Awaitable,
    MemoryRegistry,
)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for the awaitable services."""
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(made.shutdown_default_executor())
    made.close()


@pytest.fixture(params=["plain", "awaitable"])
def case(request: pytest.FixtureRequest, loop: asyncio.AbstractEventLoop) -> Case:
    """A repository with one blob, of either kind."""
    registry = MemoryRegistry()
    registry.repository(NAME).content[DIGEST] = CONTENT
    if request.param == "plain":
        return Case(Ear(), registry, lambda original: original, lambda result: result)
    return Case(Ear(), registry, Awaitable, lambda call: awaited(loop, call))
