"""`listen`: it fires exactly when the registry's own decorator does, for plain and awaitable services alike.

L1 is the registry's own test case, re-made from its description.
"""

import asyncio
import contextvars
import gc
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import pytest
from structlog.testing import capture_logs

from producer import Bridge, Manifest, MountedBlob, RegistryURLBuilder, SinkError, listen
from producer.listener.protocol import ManifestContent
from producer.listener.repository import Removable, Repository
from schemas import ActorRecord, Descriptor, RequestRecord, SourceRecord
from tests.kit.memory_repository import (
    OCTETS,
    Awaitable,
    MemoryBlobs,
    MemoryRegistry,
    MemoryRepository,
    UnknownError,
    digest_of,
)
from tests.kit.sinks import MemorySink

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = Manifest(OCI_MANIFEST, b'{"schemaVersion": 2}')
CONTENT = b"some content"
DIGEST = digest_of(CONTENT)
BLOB = Descriptor(media_type=OCTETS, digest=DIGEST, size=len(CONTENT))
NAME = "library/app"


class RefusedError(Exception):
    """What a listener raises that cannot do its part."""


@dataclass
class Ear:
    """A Listener that notes every call, with the thread it came in, and raises if it is told to."""

    heard: list[tuple[Any, ...]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    refuse: bool = False

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*arguments: Any) -> None:
            self.heard.append((name, *arguments))
            self.threads.add(threading.get_ident())
            if self.refuse:
                raise RefusedError(name)

        note.__name__ = name
        return note

    def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
        """Note it."""
        self.__getattr__("manifest_pushed")(repository, manifest, tag)


@dataclass
class Case:
    """A decorated repository; `do` gives a call's result, whether the service is plain or awaitable."""

    ear: Ear
    registry: MemoryRegistry
    decorate: Callable[[MemoryRepository], Any]
    do: Callable[[Any], Any]

    @property
    def original(self) -> MemoryRepository:
        """The undecorated repository."""
        return self.registry.repository(NAME)

    @property
    def repository(self) -> Any:
        """The decorated repository."""
        return listen(self.decorate(self.original), self.ear)

    @property
    def blobs(self) -> Any:
        """Its blobs."""
        return self.do(self.repository.blobs())

    @property
    def manifests(self) -> Any:
        """Its manifests."""
        return self.do(self.repository.manifests())

    @property
    def tags(self) -> Any:
        """Its tags."""
        return self.do(self.repository.tags())

    def fails(self, error: type[Exception], call: Callable[[], Any]) -> None:
        """The call raises that, and the listener hears nothing of it."""
        with pytest.raises(error):
            self.do(call())
        assert self.ear.heard == []


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
    return Case(Ear(), registry, Awaitable, lambda call: _awaited(loop, call))


def _awaited(loop: asyncio.AbstractEventLoop, call: Any) -> Any:
    assert isawaitable(call), "an awaitable service stays awaitable"

    async def wait() -> Any:
        return await call

    return loop.run_until_complete(wait())


def test_the_fixture_is_a_repository_service() -> None:
    """The protocols describe what a plain registry has, and the type checker agrees."""
    repository: Repository = MemoryRegistry().repository(NAME)
    removable: Removable = MemoryRegistry().repository(NAME)
    assert isinstance(repository, type(removable))


def test_l1_every_operation_is_heard_once(case: Case) -> None:
    """Three blobs, a manifest and a tag through their whole life: the registry's exact counts, and no other event.

    The registry counts by kind of target, which a delete does not tell; here the calls themselves are counted.
    """
    do, blobs, manifests = case.do, case.blobs, case.manifests
    contents = [b"{}", os.urandom(1024), os.urandom(1024)]
    for content in contents:
        writer = do(blobs.create())
        do(writer.write(content))
        stored = do(writer.commit(Descriptor(digest=digest_of(content))))
        do(blobs.open(stored.digest))
    digest = do(manifests.put(MANIFEST))
    assert digest_of(MANIFEST.payload) == digest
    do(case.tags.tag("v1", digest))
    assert do(manifests.get(digest)) == MANIFEST
    do(case.tags.untag("v1"))
    do(manifests.delete(digest))
    for content in contents:
        do(blobs.delete(digest_of(content)))
    do(case.repository.remove())
    counts = {"manifest_pushed": 1, "manifest_pulled": 1, "manifest_deleted": 1, "tag_deleted": 1, "repo_deleted": 1}
    layers = {"blob_pushed": 3, "blob_pulled": 3, "blob_deleted": 3}
    assert counts | layers == Counter(name for name, *_ in case.ear.heard)
    assert {NAME} == {repository for _, repository, *_ in case.ear.heard}


def test_l1_resumed_upload_is_heard_at_its_commit(case: Case) -> None:
    """Create, resume, commit, as in 2.8's case: one push, with the descriptor that the store gives back."""
    writer = case.do(case.blobs.create())
    case.do(writer.write(b"first "))
    again = case.do(case.blobs.resume(writer.id))
    case.do(again.write(b"second"))
    assert case.ear.heard == []
    digest = digest_of(b"first second")
    case.do(again.commit(Descriptor(media_type="client/says", digest=digest, size=1)))
    assert [("blob_pushed", NAME, Descriptor(media_type=OCTETS, digest=digest, size=12))] == case.ear.heard


@pytest.mark.parametrize("tag", ["", "v1"])
def test_manifests_are_heard_with_their_tag(case: Case, tag: str) -> None:
    """Put and get tell of the tag that they were called with."""
    named = {"tag": tag} if tag else {}
    case.do(case.manifests.put(MANIFEST, **named))
    case.do(case.manifests.get(MANIFEST.digest, **named))
    assert [("manifest_pushed", NAME, MANIFEST, tag), ("manifest_pulled", NAME, MANIFEST, tag)] == case.ear.heard


@pytest.mark.parametrize("method", ["get", "open"])
def test_reading_a_blob_is_a_pull(case: Case, method: str) -> None:
    """The descriptor is asked of the store again, as in the registry."""
    result = case.do(getattr(case.blobs, method)(DIGEST))
    assert (result if method == "get" else result.read()) == CONTENT
    assert case.ear.heard == [("blob_pulled", NAME, BLOB)]


def test_serving_a_blob_is_a_pull_after_it(case: Case) -> None:
    """The event follows the answer: what it is passed through to sees no event yet."""
    seen: list[tuple[bytes, int]] = []
    case.do(case.blobs.serve(DIGEST, lambda content: seen.append((content, len(case.ear.heard)))))
    assert seen == [(CONTENT, 0)]
    assert case.ear.heard == [("blob_pulled", NAME, BLOB)]


def test_storing_a_blob_at_once_is_a_push(case: Case) -> None:
    """Put tells of the descriptor that the store gives back."""
    stored = case.do(case.blobs.put("application/x", b"other"))
    assert [("blob_pushed", NAME, stored)] == case.ear.heard


def test_a_mount_is_heard_instead_of_an_upload(case: Case) -> None:
    """Create that mounts returns what it mounted, and says from where."""
    case.registry.repository("other/repo").content[digest_of(b"x")] = b"x"
    mounted = case.do(case.blobs.create(mount=digest_of(b"x"), from_repository="other/repo"))
    descriptor = Descriptor(media_type=OCTETS, digest=digest_of(b"x"), size=1)
    assert MountedBlob(descriptor=descriptor, from_repository="other/repo") == mounted
    assert [("blob_mounted", NAME, descriptor, "other/repo")] == case.ear.heard


def test_a_mount_that_cannot_be_is_an_upload(case: Case) -> None:
    """Create that finds nothing to mount begins an upload, of which nothing is heard."""
    writer = case.do(case.blobs.create(mount=DIGEST, from_repository="unknown"))
    assert [writer.id] == list(case.original.writers)
    assert case.ear.heard == []


def test_failed_operations_are_not_heard(case: Case) -> None:
    """What the service raises comes out as it is, and nothing was done that could be told."""
    missing = digest_of(b"missing")
    case.fails(UnknownError, lambda: case.blobs.open(missing))
    case.fails(UnknownError, lambda: case.blobs.serve(missing, print))
    case.fails(UnknownError, lambda: case.blobs.delete(missing))
    case.fails(UnknownError, lambda: case.blobs.resume("missing"))
    case.fails(UnknownError, lambda: case.manifests.delete(missing))
    case.fails(UnknownError, lambda: case.tags.untag("missing"))
    writer = case.do(case.blobs.create())
    case.fails(ValueError, lambda: writer.commit(Descriptor(digest=missing)))


def test_none_is_nothing_found(case: Case) -> None:
    """A service that answers None instead of raising has given nothing to anybody."""
    missing = digest_of(b"missing")
    with capture_logs() as logs:
        assert case.do(case.manifests.get(missing, tag="v1")) is None
        assert case.do(case.blobs.get(missing)) is None
    assert (case.ear.heard, logs) == ([], [])


def test_what_the_registry_does_not_decorate_is_not_heard(case: Case) -> None:
    """Stat, exists, tag, lookups and cancelled uploads pass through untouched."""
    assert case.do(case.blobs.stat(DIGEST)) == BLOB
    assert case.do(case.manifests.exists(MANIFEST.digest)) is False
    case.do(case.tags.tag("v1", MANIFEST.digest))
    assert MANIFEST.digest == case.do(case.tags.get("v1"))
    assert case.do(case.tags.all()) == ["v1"]
    writer = case.do(case.blobs.create())
    case.do(writer.write(b"x"))
    case.do(writer.cancel())
    assert [one.cancelled for one in case.original.writers.values()] == [True]
    assert case.ear.heard == []


def test_a_refusing_listener_fails_no_operation(case: Case) -> None:
    """The operation was done: its result is returned, and the loss of the event is logged, by call and repository."""
    case.ear.refuse = True
    with capture_logs() as logs:
        assert MANIFEST.digest == case.do(case.manifests.put(MANIFEST))
        assert case.do(case.manifests.get(MANIFEST.digest)) == MANIFEST
        assert case.do(case.blobs.get(DIGEST)) == CONTENT
        assert case.do(case.blobs.put(OCTETS, b"x")).size == 1
        writer = case.do(case.blobs.create())
        case.do(writer.write(b"y"))
        case.do(writer.commit(Descriptor(digest=digest_of(b"y"))))
        case.registry.repository("other").content[digest_of(b"z")] = b"z"
        case.do(case.blobs.create(mount=digest_of(b"z"), from_repository="other"))
        case.do(case.blobs.delete(DIGEST))
        case.do(case.manifests.delete(MANIFEST.digest))
    calls = [
        *("manifest_pushed", "manifest_pulled", "blob_pulled", "blob_pushed"),
        *("blob_pushed", "blob_mounted", "blob_deleted", "manifest_deleted"),
    ]
    assert [("listener.failed", call, NAME, call) for call in calls] == [
        (line["event"], line["call"], line["repository"], line["error"]) for line in logs
    ]


def test_a_refusal_reaches_the_caller_of_untag_and_remove(case: Case) -> None:
    """As in the registry: the removal stands, and its caller learns that nobody was told."""
    case.ear.refuse = True
    original = case.original
    original.tagged["v1"] = MANIFEST.digest
    with capture_logs() as logs:
        with pytest.raises(RefusedError, match="tag_deleted"):
            case.do(case.tags.untag("v1"))
        with pytest.raises(RefusedError, match="repo_deleted"):
            case.do(case.repository.remove())
    assert case.ear.heard == [("tag_deleted", NAME, "v1"), ("repo_deleted", NAME)]
    assert (original.tagged, case.registry.repositories) == ({}, {})
    assert [line["call"] for line in logs] == ["tag_deleted", "repo_deleted"]


def test_a_pull_without_descriptor_is_logged(case: Case) -> None:
    """A blob that vanishes between being read and being described loses its event, with a line in the log."""
    with capture_logs() as logs:
        case.do(case.blobs.serve(DIGEST, lambda _: case.original.content.clear()))
    assert [(line["event"], line["digest"]) for line in logs] == [("listener.descriptor_unknown", DIGEST)]
    assert case.ear.heard == []


def test_a_plain_service_is_heard_in_its_own_thread_an_awaitable_one_elsewhere(case: Case) -> None:
    """A sink that waits must not stop the event loop; a plain service waits for it where it is called."""
    case.do(case.blobs.get(DIGEST))
    plain = case.decorate(case.original) is case.original
    assert plain == (case.ear.threads == {threading.get_ident()})


def test_a_writer_is_still_what_it_was() -> None:
    """Attributes are read and written through, and a context manager stays one and gives the decorated writer."""
    ear = Ear()
    registry = MemoryRegistry()
    repository = listen(registry.repository(NAME), ear)
    begun = repository.blobs().create()
    assert not isinstance(begun, MountedBlob)
    with begun as writer:
        writer.write(b"abc")
        assert writer.written == b"abc"
        writer.written = b"abcd"
        writer.commit(Descriptor(digest=digest_of(b"abcd")))
    [original] = registry.repository(NAME).writers.values()
    assert (b"abcd", True, original.id) == (original.written, original.cancelled, writer.id)
    assert [("blob_pushed", NAME, Descriptor(media_type=OCTETS, digest=digest_of(b"abcd"), size=4))] == ear.heard


def test_services_keep_their_special_methods() -> None:
    """What a service can do by syntax, the decorated one can; what it cannot, it does not pretend to."""
    repository = listen(MemoryRegistry().repository(NAME), Ear())
    repository.manifests().put(MANIFEST)
    assert MANIFEST.digest in repository.manifests()
    assert len(repository.manifests()) == 1
    assert not hasattr(repository.blobs(), "__len__")
    assert repository.name == NAME
    with pytest.raises(AttributeError):
        repository.blobs().unheard_of()  # type: ignore[attr-defined]


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
        busy = loop.run_in_executor(None, free.wait, 10)
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
        await asyncio.wait_for(task, 10)


async def until(true: Callable[[], bool]) -> None:
    """Lets the loop and its threads run until it is true."""
    async with asyncio.timeout(10):
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
            assert go.wait(10)
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
        await asyncio.to_thread(begun.wait, 10)
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
            assert go.wait(10)
            self.__getattr__("blob_pushed")(repository, descriptor)

    ear = Writing()

    async def leave() -> None:
        original = SlowRepository()
        blobs: Any = listen(original, ear).blobs()
        tasks = [asyncio.ensure_future(blobs.get(DIGEST)), asyncio.ensure_future(blobs.put(OCTETS, CONTENT))]
        await original.asked.wait()
        original.stored()
        await asyncio.to_thread(begun.wait, 10)
        for task in tasks:
            await gone(task)
        threading.Timer(0.05, go.set).start()  # the loop is closing by then, and waits for its pool

    with capture_logs() as logs:
        asyncio.run(leave())
    assert [("blob_pushed", NAME, BLOB)] == ear.heard
    lost = [(line["event"], line["repository"], line["digest"], line["error"]) for line in logs]
    assert [("listener.descriptor_unknown", NAME, DIGEST, "the event loop was closed meanwhile")] == lost


def test_a_waiting_listener_does_not_stop_the_loop() -> None:
    """While one request waits for its event to be committed, the others go on."""
    go = threading.Event()

    class Slow(Ear):
        def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
            assert go.wait(10), "nobody else could run"

    async def serve() -> None:
        repository: Any = Awaitable(MemoryRegistry().repository(NAME))
        manifests: Any = await listen(repository, Slow()).manifests()
        task = asyncio.ensure_future(manifests.put(MANIFEST))
        for _ in range(5):
            await asyncio.sleep(0)
        go.set()
        await task

    asyncio.run(serve())


def test_with_a_bridge_the_events_are_written_before_the_call_returns(case: Case) -> None:
    """The whole path: a push through a decorated repository is committed to the sink when the push is answered."""
    sink = MemorySink()
    bridge = Bridge(RegistryURLBuilder("http://h/"), SourceRecord(), ActorRecord(), RequestRecord(), sink)
    manifests = case.do(listen(case.decorate(case.original), bridge).manifests())
    case.do(manifests.put(MANIFEST, tag="v1"))
    assert [(one.action, one.target.repository, one.target.tag) for one in sink.events] == [("push", NAME, "v1")]
    sink.close()
    case.original.tagged["v1"] = MANIFEST.digest
    with capture_logs(), pytest.raises(SinkError):
        case.do(case.do(listen(case.decorate(case.original), bridge).tags()).untag("v1"))
