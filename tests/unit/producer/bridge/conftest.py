"""A bridge, and the sink that it writes to."""

import pytest

from producer import (
    Bridge,
    Listener,
    RegistryURLBuilder,
)
from tests.kit.bridged import ACTOR, REQUEST, SOURCE
from tests.kit.sinks import MemorySink


@pytest.fixture
def sink() -> MemorySink:
    """Where the events go."""
    return MemorySink()


@pytest.fixture
def bridge(sink: MemorySink) -> Listener:
    """The registry's own fixture: references on, empty request."""
    urls = RegistryURLBuilder("http://test.example.com/")
    return Bridge(urls, SOURCE, ACTOR, REQUEST, sink, include_references=True)
