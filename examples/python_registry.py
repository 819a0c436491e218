"""A small container registry in Python whose events go through this bridge: a start for one of your own.

It speaks as much of the OCI distribution API as `skopeo` and `docker` use; `memory_store.py` beside it keeps the
content. `app` makes the ASGI application. What the bridge needs of a registry stands in `_Registry.repository`.
"""

import json
import os
import re
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from examples.memory_store import RegistryError, Repository, Store, Upload
from producer import (
    Bridge,
    KafkaSink,
    Manifest,
    ManifestError,
    MountedBlob,
    ReferenceFormatError,
    RegistryURLBuilder,
    Sink,
    SinkError,
    actor_from_asgi,
    check_digest,
    check_repository,
    check_tag,
    listen,
    request_from_asgi,
)
from schemas import Descriptor, SourceRecord

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]
MAX_MANIFEST = 4 * 1024 * 1024


@dataclass
class Exchange:
    """One request and its answer."""

    scope: Message
    receive: Receive
    send: Send

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, the first of several alike."""
        return {name: values[0] for name, values in parse_qs(self.scope["query_string"].decode()).items()}

    def header(self, name: str) -> str:
        """A request header, or empty."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name.encode()), "")

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it comes in."""
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client went away")
            yield message.get("body", b"")
            more = message.get("more_body", False)

    async def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send the answer; of one to HEAD only the headers."""
        named = {"content_length": str(len(body)), "content_type": "application/json", **headers}
        fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": fields})
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})


async def blob(exchange: Exchange, repository: Repository, digest: str) -> None:
    """HEAD, GET or DELETE one blob."""
    if exchange.scope["method"] == "DELETE":
        await repository.blobs().delete(digest)
        return await exchange.answer(202)
    about = {"content_type": "application/octet-stream", "docker_content_digest": digest}
    return await repository.blobs().serve(digest, lambda content: exchange.answer(200, content, **about))


async def upload(exchange: Exchange, repository: Repository, upload_id: str) -> None:
    """POST begins an upload (or mounts), PATCH adds to it, PUT ends it."""
    query, blobs = exchange.query, repository.blobs()
    if upload_id:
        writer: Upload | MountedBlob = await blobs.resume(upload_id)
    else:
        writer = await blobs.create(query.get("mount", ""), query.get("from", ""))
    if isinstance(writer, MountedBlob):
        return await _created(exchange, repository, f"blobs/{writer.descriptor.digest}", writer.descriptor.digest)
    start = exchange.header("content-range").partition("-")[0]
    if start and start != str(len(writer.content)):
        raise RegistryError(416, "BLOB_UPLOAD_INVALID", f"the next byte is {len(writer.content)}")
    async for chunk in exchange.body():
        writer.write(chunk)
    if exchange.scope["method"] != "PATCH" and "digest" in query:
        stored = await writer.commit(Descriptor(digest=query["digest"]))
        return await _created(exchange, repository, f"blobs/{stored.digest}", stored.digest)
    location = f"/v2/{repository.name}/blobs/uploads/{writer.id}"
    return await exchange.answer(202, location=location, range=f"0-{max(len(writer.content) - 1, 0)}")


async def manifest(exchange: Exchange, repository: Repository, reference: str) -> None:
    """HEAD, GET, PUT or DELETE one manifest, by tag or digest."""
    manifests, tags, method = repository.manifests(), repository.tags(), exchange.scope["method"]
    tag, digest = ("", check_digest(reference)) if ":" in reference else (check_tag(reference), "")
    if method == "PUT":
        pushed = Manifest(exchange.header("content-type"), await _limited(exchange.body()))
        if digest and digest != pushed.digest:
            raise RegistryError(400, "DIGEST_INVALID", f"the manifest is {pushed.digest}")
        await manifests.put(pushed, tag=tag)
        if tag:
            await tags.tag(tag, pushed.digest)
        return await _created(exchange, repository, f"manifests/{pushed.digest}", pushed.digest)
    if method == "DELETE" and tag:
        await tags.untag(tag)
        return await exchange.answer(202)
    if method == "DELETE":
        await manifests.delete(digest)
        for pointing in [name for name, target in (await tags.all()).items() if target == digest]:
            await tags.untag(pointing)
        return await exchange.answer(202)
    found = await manifests.get(digest or (await tags.all()).get(tag, ""), tag=tag)
    about = {"content_type": found.media_type, "docker_content_digest": found.digest}
    return await exchange.answer(200, found.payload, **about)


async def tag_list(exchange: Exchange, repository: Repository, _: str) -> None:
    """GET the tags of a repository."""
    tags = list(await repository.tags().all())
    await exchange.answer(200, json.dumps({"name": repository.name, "tags": tags}).encode())


async def _created(exchange: Exchange, repository: Repository, path: str, digest: str) -> None:
    await exchange.answer(201, location=f"/v2/{repository.name}/{path}", docker_content_digest=digest)


async def _limited(body: AsyncIterator[bytes]) -> bytes:
    content = bytearray()
    async for chunk in body:
        content += chunk
        if len(content) > MAX_MANIFEST:
            raise RegistryError(413, "SIZE_INVALID", f"a manifest has at most {MAX_MANIFEST} bytes")
    return bytes(content)


ROUTES = (
    (re.compile(r"/v2/(.+)/blobs/uploads/([^/]*)"), upload, {"POST", "PATCH", "PUT"}),
    (re.compile(r"/v2/(.+)/blobs/([^/]+)"), blob, {"GET", "HEAD", "DELETE"}),
    (re.compile(r"/v2/(.+)/manifests/([^/]+)"), manifest, {"GET", "HEAD", "PUT", "DELETE"}),
    (re.compile(r"/v2/(.+)/tags/(list)"), tag_list, {"GET"}),
)


def app(sink: Sink, *, include_references: bool = True) -> ASGIApp:
    """The registry as an ASGI application; its events go to `sink`, which it closes at shutdown."""
    return _Registry(sink, include_references=include_references)


class _Registry:
    def __init__(self, sink: Sink, *, include_references: bool) -> None:
        self.sink = sink
        self.include_references = include_references
        self.store = Store()
        self.source = SourceRecord(addr=socket.gethostname(), instance_id=str(uuid.uuid4()))

    def repository(self, scope: Message, name: str) -> Repository:
        """The repository as this request sees it: everything done to it is reported with who asked, and from where."""
        bridge = Bridge(
            RegistryURLBuilder.from_request(scope),
            self.source,
            actor_from_asgi(scope),
            request_from_asgi(scope),
            self.sink,
            include_references=self.include_references,
        )
        return listen(Repository(self.store, name), bridge)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(self.sink, receive, send)
        exchange = Exchange(scope, receive, send)
        try:
            await self.route(exchange)
        except RegistryError as error:
            await exchange.answer(error.status, error.body)
        except ManifestError as error:
            await exchange.answer(400, RegistryError(400, "MANIFEST_INVALID", str(error)).body)
        except ReferenceFormatError as error:
            await exchange.answer(400, RegistryError(400, "NAME_INVALID", str(error)).body)
        except SinkError as error:  # a tag was removed and its event is not known to be in the log
            await exchange.answer(503, RegistryError(503, "UNAVAILABLE", str(error)).body)

    async def route(self, exchange: Exchange) -> None:
        """Find and do the operation."""
        path, method = exchange.scope["path"], exchange.scope["method"]
        if path == "/v2/":
            return await exchange.answer(200, b"{}", docker_distribution_api_version="registry/2.0")
        for pattern, operation, methods in ROUTES:
            match = pattern.fullmatch(path)
            if match and method in methods:
                repository = self.repository(exchange.scope, check_repository(match[1]))
                return await operation(exchange, repository, match[2])
        raise RegistryError(404, "UNSUPPORTED", f"no {method} {path}")


async def _lifespan(sink: Sink, receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            sink.close()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def from_environment() -> ASGIApp:
    """What `uvicorn --factory examples.python_registry:from_environment` runs: events go to Kafka.

    `KAFKA` is the broker's HOST:PORT; `registry-bridge init` has made the topic.
    """
    return app(KafkaSink({"bootstrap.servers": os.environ["KAFKA"]}, os.environ.get("TOPIC", "registry.events")))
