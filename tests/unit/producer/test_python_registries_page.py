"""docs/python-registries.md: its code runs, and does what the page says."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from producer import Manifest, SinkClosed
from schemas import Event, Target
from schemas.envelope import read_envelope
from tests.kit.paths import DOCS
from tests.kit.sinks import BrokenSink, MemorySink

PAGE = DOCS / "python-registries.md"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
V2 = "application/vnd.docker.distribution.events.v2+json"
SCOPE = {
    "type": "http",
    "method": "PUT",
    "scheme": "https",
    "path": "/v2/library/app/manifests/latest",
    "headers": [(b"host", b"registry.example.com"), (b"user-agent", b"skopeo/1.9.3")],
    "client": ("192.0.2.7", 4711),
}


@pytest.fixture
def page() -> dict[str, Any]:
    """What the page's Python defines, run from top to bottom."""
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE):
        exec(compile(block, PAGE.name, "exec"), names)
    return names


def test_a_push_through_the_page_s_registry_is_an_event(page: dict[str, Any]) -> None:
    """The first two blocks make a registry whose push is committed when it is answered."""
    sink = MemorySink()
    digest = asyncio.run(page["push"](SCOPE, sink, OCI_MANIFEST, b"{}"))
    [event] = sink.events
    assert ("push", "library/app", "latest", digest) == (
        event.action,
        event.target.repository,
        event.target.tag,
        event.target.digest,
    )
    assert f"https://registry.example.com/v2/library/app/manifests/{digest}" == event.target.url
    assert (event.request.addr, event.request.useragent) == ("192.0.2.7:4711", "skopeo/1.9.3")


def test_a_bad_manifest_is_answered_as_the_page_says(page: dict[str, Any]) -> None:
    """The guard of a PUT answers 400 with the reason, or 201 with the digest."""
    assert page["answer_to_put"](OCI_MANIFEST, b"{}") == (
        201,
        {"Docker-Content-Digest": Manifest(OCI_MANIFEST, b"{}").digest},
    )
    status, body = page["answer_to_put"](OCI_MANIFEST, b'{"layers":[{},{},{"size":"x"}]}')
    assert (status, body["errors"][0]["code"]) == (400, "MANIFEST_INVALID")
    assert "layers[2].size" in body["errors"][0]["message"]


def test_a_registry_can_fail_the_request_instead(page: dict[str, Any]) -> None:
    """Called directly, the bridge's error decides the answer."""
    stored: list[str] = []

    def push(sink: Any) -> int:
        answer: int = page["push_or_fail"](
            page["bridge_for"](SCOPE, sink),
            lambda name, _: stored.append(name),
            "a/b",
            Manifest(OCI_MANIFEST, b"{}"),
            "v1",
        )
        return answer

    assert (push(MemorySink()), push(BrokenSink())) == (201, 503)
    assert stored == ["a/b", "a/b"]


def test_the_page_s_own_sink_keeps_a_sink_s_promises(page: dict[str, Any], tmp_path: Path) -> None:
    """It commits, refuses after close, and closing twice is quiet."""
    event = Event(id="one", action="push", target=Target(repository="a/b"))
    sink = page["FileSink"](tmp_path)
    sink.write(event)
    assert [event] == read_envelope((tmp_path / "one.json").read_bytes(), content_type=V2)
    sink.close()
    sink.close()
    with pytest.raises(SinkClosed):
        sink.write(event)


def test_every_listed_name_exists() -> None:
    """The files that the page sends its reader to are there."""
    for path in re.findall(r"`((?:producer|examples|tests)/[\w/]+\.py)`", PAGE.read_text()):
        assert (PAGE.parents[1] / path).is_file(), path
