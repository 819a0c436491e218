"""`listen`: a registry's repository service whose calls reach a Listener. Knows nothing of events or HTTP.

It fires exactly when the registry's own decorator does: after the decorated call has
succeeded, before its caller knows. `repository.py` says what a repository service looks like.
"""

import asyncio
from collections.abc import Generator
from typing import Any, TypeVar, cast

import structlog

from producer.listener.dispatch import Dispatch
from producer.listener.protocol import Listener
from producer.listener.repository import MountedBlob, Named
from producer.listener.stand_in import StandIn, stand_in
from producer.listener.steps import BlockingCall, Steps, run

__all__ = ["listen"]

_log = structlog.get_logger(__name__)
_R = TypeVar("_R", bound=Named)


def listen(repository: _R, listener: Listener) -> _R:
    """A repository that works as `repository` does and calls `listener` with what was done.

    What the listener raises is logged and changes nothing, except when a tag or the repository was removed: then it
    is raised to the caller, although the removal stands. Awaitable services are served on asyncio, the listener in a
    thread of the loop's pool; a plain service calls it in the thread it is called in.

    A caller that is cancelled while the service works makes no event, as the service did not succeed. One that is
    cancelled later, while the listener is called, gets the cancellation, and the listener is called to its end.
    """
    return cast("_R", _decorated(_DecoratedRepository, repository, Dispatch(listener, repository)))


class _Decorated(StandIn):
    """A service that stands for the registry's and reports what its calls did."""

    __slots__ = ("dispatch",)
    dispatch: Dispatch

    def __init__(self, original: Any, dispatch: Dispatch) -> None:
        super().__init__(original)
        object.__setattr__(self, "dispatch", dispatch)


_D = TypeVar("_D", bound=_Decorated)


def _decorated(kind: type[_D], original: Any, dispatch: Dispatch) -> _D:
    return stand_in(kind, original)(original, dispatch)


class _DecoratedRepository(_Decorated):
    __slots__ = ()

    def manifests(self, *args: Any, **kwargs: Any) -> Any:
        return run(self._service(_DecoratedManifests, self.original.manifests(*args, **kwargs)))

    def blobs(self, *args: Any, **kwargs: Any) -> Any:
        return run(self._service(_DecoratedBlobs, self.original.blobs(*args, **kwargs)))

    def tags(self, *args: Any, **kwargs: Any) -> Any:
        return run(self._service(_DecoratedTags, self.original.tags(*args, **kwargs)))

    def remove(self, *args: Any, **kwargs: Any) -> Any:
        name = self.original.name
        return run(self._removed(name, self.original.remove(*args, **kwargs)))

    def _service(self, kind: type[_D], call: Any) -> Steps[_D]:
        service = yield call
        return _decorated(kind, service, self.dispatch)

    def _removed(self, name: str, call: Any) -> Steps[Any]:
        result = yield call
        yield self.dispatch.insist(self.dispatch.listener.repo_deleted, name)
        return result


class _DecoratedManifests(_Decorated):
    __slots__ = ()

    def get(self, digest: str, *args: Any, **kwargs: Any) -> Any:
        return run(self._got(self.original.get(digest, *args, **kwargs), kwargs.get("tag") or ""))

    def put(self, manifest: Any, *args: Any, **kwargs: Any) -> Any:
        call = (self.dispatch.listener.manifest_pushed, manifest, kwargs.get("tag") or "")
        return run(_reported(self.original.put(manifest, *args, **kwargs), self.dispatch.report(*call)))

    def delete(self, digest: str, *args: Any, **kwargs: Any) -> Any:
        call = (self.dispatch.listener.manifest_deleted, digest)
        return run(_reported(self.original.delete(digest, *args, **kwargs), self.dispatch.report(*call)))

    def _got(self, call: Any, tag: str) -> Steps[Any]:
        manifest = yield call
        if manifest is not None:
            yield self.dispatch.report(self.dispatch.listener.manifest_pulled, manifest, tag)
        return manifest


class _DecoratedBlobs(_Decorated):
    __slots__ = ()

    def get(self, digest: str, *args: Any, **kwargs: Any) -> Any:
        return run(self._found(digest, self.original.get(digest, *args, **kwargs)))

    def open(self, digest: str, *args: Any, **kwargs: Any) -> Any:
        return run(self._found(digest, self.original.open(digest, *args, **kwargs)))

    def serve(self, digest: str, *args: Any, **kwargs: Any) -> Any:
        return run(self._served(digest, self.original.serve(digest, *args, **kwargs)))

    def put(self, *args: Any, **kwargs: Any) -> Any:
        return run(_pushed(self.dispatch, self.original.put(*args, **kwargs)))

    def create(self, *args: Any, **kwargs: Any) -> Any:
        return run(self._begun(self.original.create(*args, **kwargs)))

    def resume(self, *args: Any, **kwargs: Any) -> Any:
        return run(self._begun(self.original.resume(*args, **kwargs)))

    def delete(self, digest: str, *args: Any, **kwargs: Any) -> Any:
        call = (self.dispatch.listener.blob_deleted, digest)
        return run(_reported(self.original.delete(digest, *args, **kwargs), self.dispatch.report(*call)))

    def _found(self, digest: str, call: Any) -> Steps[Any]:
        content = yield call
        if content is not None:
            yield from self._pulled(digest)
        return content

    def _served(self, digest: str, call: Any) -> Steps[Any]:
        result = yield call
        yield from self._pulled(digest)
        return result

    def _pulled(self, digest: str) -> Generator[Any, Any, None]:
        try:
            descriptor = yield self.original.stat(digest)
        except asyncio.CancelledError:
            self._lost(digest, "the event loop was closed before")
            raise
        except Exception as error:  # noqa: BLE001 - the blob was served; only its event is lost, as in the registry
            self._lost(digest, str(error))
        else:
            yield self.dispatch.report(self.dispatch.listener.blob_pulled, descriptor)

    def _lost(self, digest: str, error: str) -> None:
        repository = self.dispatch.repository.name
        _log.error("listener.descriptor_unknown", repository=repository, digest=digest, error=error)

    def _begun(self, call: Any) -> Steps[Any]:
        begun = yield call
        if not isinstance(begun, MountedBlob):
            return _decorated(_DecoratedWriter, begun, self.dispatch)
        yield self.dispatch.report(self.dispatch.listener.blob_mounted, begun.descriptor, begun.from_repository)
        return begun


class _DecoratedWriter(_Decorated):
    __slots__ = ()

    def commit(self, *args: Any, **kwargs: Any) -> Any:
        return run(_pushed(self.dispatch, self.original.commit(*args, **kwargs)))


class _DecoratedTags(_Decorated):
    __slots__ = ()

    def untag(self, tag: str, *args: Any, **kwargs: Any) -> Any:
        dispatch = self.dispatch
        call = dispatch.insist(dispatch.listener.tag_deleted, dispatch.repository.name, tag)
        return run(_reported(self.original.untag(tag, *args, **kwargs), call))


def _reported(call: Any, report: BlockingCall) -> Steps[Any]:
    result = yield call
    yield report
    return result


def _pushed(dispatch: Dispatch, call: Any) -> Steps[Any]:
    descriptor = yield call
    yield dispatch.report(dispatch.listener.blob_pushed, descriptor)
    return descriptor
