"""Awaitable services: what becomes of an event when its caller goes away, is cancelled, or its loop closes."""

import asyncio
import contextvars
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from producer import listen
from producer.listener.protocol import ManifestContent
from schemas import Descriptor
from tests.kit.listening import (
    BLOB,
    CONTENT,
    DIGEST,
    MANIFEST,
    NAME,
    Ear,
)
from tests.kit.memory_repository import (
    OCTETS,
    Awaitable,
    MemoryBlobs,
    MemoryRegistry,
    MemoryRepository,
)

WITHIN_S = 60.0
"""In vain where something is wrong; who holds the others up does it for twice as long."""


def test_a_plain_service_with_an_awaitable_stat_loses_only_the_event() -> None:
    """Such a service cannot be heard about pulls; its answer stays what it was, and the log says why."""

    class Odd(MemoryBlobs):
        async def stat(self, digest: str) -> Descriptor:  # type: ignore[override]
            return super().stat(digest)

    @dataclass
    class OddRepository:
        original: MemoryRepository
        name: str = NAME

        def blobs(self) -> MemoryBlobs:
            return Odd(self.original)

    original = MemoryRegistry().repository(NAME)
    original.content[DIGEST] = CONTENT
    ear = Ear()
    with capture_logs() as logs:
        assert listen(OddRepository(original), ear).blobs().get(DIGEST) == CONTENT
    assert [line["event"] for line in logs] == ["listener.descriptor_unknown"]
    assert ear.heard == []


def test_a_cancelled_request_still_tells_of_what_was_done() -> None:
    """Once the operation is done its event is on the way, even if no thread was free yet; context goes with it."""
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")
    free = threading.Event()
    heard: list[tuple[str, str]] = []

    class Listening(Ear):
        def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
            heard.append((repository, user.get()))

    async def push_and_go_away() -> None:
        user.set("ann")
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, free.wait, 2 * WITHIN_S)
        original = MemoryRegistry().repository(NAME)
        repository: Any = Awaitable(original)
        manifests: Any = await listen(repository, Listening()).manifests()
        task = asyncio.ensure_future(manifests.put(MANIFEST))
        while not original.stored:  # noqa: ASYNC110 - a plain store has nothing to wait on
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert heard == []
        free.set()
        assert await busy
        await loop.shutdown_default_executor()

    asyncio.run(push_and_go_away())
    assert heard == [(NAME, "ann")]


@dataclass
class SlowRepository:
    """A repository with one blob, whose description takes until it is let go."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = NAME

    def blobs(self) -> "SlowRepository":
        """Itself."""
        return self

    async def stat(self, digest: str) -> Descriptor:
        """Waits, as for a remote storage."""
        self.asked.set()
        await self.go.wait()
        return Descriptor(media_type=OCTETS, digest=digest, size=len(CONTENT))

    async def get(self, digest: str) -> bytes:
        """The content."""
        return CONTENT

    open = serve = get

    def put(self, media_type: str, content: bytes) -> "asyncio.Future[Descriptor]":
        """A future, which `stored` gives its result."""
        self.storing = asyncio.get_running_loop().create_future()
        return self.storing

    def stored(self) -> None:
        """The blob is stored."""
        self.storing.set_result(BLOB)


async def gone(task: "asyncio.Future[Any]") -> None:
    """Cancels a caller, who hears at once that it was."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, WITHIN_S)


async def until(true: Callable[[], bool]) -> None:
    """Lets the loop and its threads run until it is true."""
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("method", ["get", "open", "serve"])
def test_a_caller_who_goes_away_before_the_blob_is_described_loses_no_pull(method: str) -> None:
    """The blob was served: its pull is heard, though the request was cancelled while `stat` was under way."""
    ear = Ear()

    async def pull_and_go_away() -> None:
        original = SlowRepository()
        blobs: Any = listen(original, ear).blobs()
        task = asyncio.ensure_future(getattr(blobs, method)(DIGEST))
        await original.asked.wait()
        await gone(task)
        assert ear.heard == []
        gc.collect()  # of the rest, asyncio has a weak reference alone
        original.go.set()
        await until(lambda: bool(ear.heard))

    with capture_logs() as logs:
        asyncio.run(pull_and_go_away())
    assert [("blob_pulled", NAME, BLOB)] == ear.heard
    assert logs == []


def test_a_caller_who_stays_gets_the_result_after_the_event() -> None:
    """Nobody is answered before his event is written."""
    ear = Ear()

    async def pull() -> None:
        original = SlowRepository()
        task = asyncio.ensure_future(listen(original, ear).blobs().get(DIGEST))
        await original.asked.wait()
        assert not task.done()
        original.go.set()
        assert CONTENT == await task
        assert [("blob_pulled", NAME, BLOB)] == ear.heard

    asyncio.run(pull())


def test_a_future_that_succeeded_as_the_caller_went_away_is_heard() -> None:
    """The operation was done when the cancellation came, though its caller never saw the result."""
    ear = Ear()

    async def push_and_go_away() -> None:
        original = SlowRepository()
        task = asyncio.ensure_future(listen(original, ear).blobs().put(OCTETS, CONTENT))
        await asyncio.sleep(0)
        original.stored()
        await gone(task)
        await until(lambda: bool(ear.heard))

    asyncio.run(push_and_go_away())
    assert [("blob_pushed", NAME, BLOB)] == ear.heard


@pytest.mark.parametrize("refuse", [False, True])
def test_a_caller_who_goes_away_while_the_event_is_written_changes_nothing(*, refuse: bool) -> None:
    """The write goes on; what it raises is logged once, even where the caller would have got it."""
    begun, go = threading.Event(), threading.Event()

    class Writing(Ear):
        def tag_deleted(self, repository: str, tag: str) -> None:
            begun.set()
            assert go.wait(2 * WITHIN_S)
            self.__getattr__("tag_deleted")(repository, tag)

    ear = Writing(refuse=refuse)
    unretrieved: list[dict[str, Any]] = []

    async def untag_and_go_away() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unretrieved.append(context))
        original = MemoryRegistry().repository(NAME)
        original.tagged["v1"] = MANIFEST.digest
        repository: Any = Awaitable(original)
        tags: Any = await listen(repository, ear).tags()
        task = asyncio.ensure_future(tags.untag("v1"))
        await asyncio.to_thread(begun.wait, WITHIN_S)
        await gone(task)
        go.set()
        await until(lambda: bool(ear.heard))
        await asyncio.sleep(0.01)
        gc.collect()

    with capture_logs() as logs:
        asyncio.run(untag_and_go_away())
    assert [("tag_deleted", NAME, "v1")] == ear.heard
    assert ["listener.failed"] * refuse == [line["event"] for line in logs]
    assert [] == unretrieved


def test_a_call_that_is_cancelled_itself_is_no_event() -> None:
    """A caller who goes away before the operation is done cancels the operation: nothing happened."""
    ear = Ear()

    class Never(SlowRepository):
        async def get(self, digest: str) -> bytes:
            await self.go.wait()
            return CONTENT

    async def go_away_at_once() -> None:
        task = asyncio.ensure_future(listen(Never(), ear).blobs().get(DIGEST))
        await asyncio.sleep(0.01)
        await gone(task)

    asyncio.run(go_away_at_once())
    assert ear.heard == []


def test_a_loop_that_closes_says_what_it_loses_and_finishes_what_was_begun() -> None:
    """At the end of the loop a pull whose blob is being described is lost, with a line; a write that began is not."""
    begun, go = threading.Event(), threading.Event()

    class Writing(Ear):
        def blob_pushed(self, repository: str, descriptor: Descriptor) -> None:
            begun.set()
            assert go.wait(2 * WITHIN_S)
            self.__getattr__("blob_pushed")(repository, descriptor)

    ear = Writing()

    async def leave() -> None:
        original = SlowRepository()
        blobs: Any = listen(original, ear).blobs()
        tasks = [asyncio.ensure_future(blobs.get(DIGEST)), asyncio.ensure_future(blobs.put(OCTETS, CONTENT))]
        await original.asked.wait()
        original.stored()
        await asyncio.to_thread(begun.wait, WITHIN_S)
        for task in tasks:
            await gone(task)
        threading.Timer(0.05, go.set).start()  # the loop is closing by then, and waits for its pool

    with capture_logs() as logs:
        asyncio.run(leave())
    assert [("blob_pushed", NAME, BLOB)] == ear.heard
    lost = [(line["event"], line["repository"], line["digest"], line["error"]) for line in logs]
    assert [("listener.descriptor_unknown", NAME, DIGEST, "the event loop was closed before")] == lost


def test_a_waiting_listener_does_not_stop_the_loop() -> None:
    """While one request waits for its event to be committed, the others go on."""
    go = threading.Event()

    class Slow(Ear):
        def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
            assert go.wait(2 * WITHIN_S), "nobody else could run"

    async def serve() -> None:
        repository: Any = Awaitable(MemoryRegistry().repository(NAME))
        manifests: Any = await listen(repository, Slow()).manifests()
        task = asyncio.ensure_future(manifests.put(MANIFEST))
        for _ in range(5):
            await asyncio.sleep(0)
        go.set()
        await task

    asyncio.run(serve())
