"""Golden files: exact bodies, Avro bytes and headers, written down by hand or by the reference implementation.

They stand in tests/golden. A change in one of them is a change of the contract with everything downstream.
"""

import json

import pytest
from msgspec.structs import replace

from schemas import Event
from schemas.avro import decode, encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope
from schemas.headers import record_headers
from schemas.trace_context import trace_context
from schemas.wire import envelope_json
from tests.kit.events import V1, V2
from tests.kit.paths import GOLDEN as _GOLDEN

_SHAPES = [pytest.param(V1, "v1", id="2.8"), pytest.param(V2, "v2", id="3.x")]


def _events(name: str, content_type: str) -> list[Event]:
    return read_envelope((_GOLDEN / name).read_bytes(), content_type=content_type, registry="eu")


@pytest.mark.parametrize("name", ["e1", "full"])
@pytest.mark.parametrize(("content_type", "shape"), _SHAPES)
def test_body_is_exact(name: str, content_type: str, shape: str) -> None:
    """The registry's own vector of three events, and an event with every member, come back from the typed members."""
    file = f"{name}.{shape}.json"
    events = _events(file, content_type)
    assert {""} == {event.original for event in events}
    assert (_GOLDEN / file).read_bytes() == envelope_json(events)


@pytest.mark.parametrize(("content_type", "shape"), _SHAPES)
def test_members_of_the_registrys_own_vector(content_type: str, shape: str) -> None:
    """The vector's values stand where the model says."""
    events = _events(f"e1.{shape}.json", content_type)
    assert [f"asdf-asdf-asdf-asdf-{n}" for n in range(3)] == [event.id for event in events]
    assert [(event.target.size, event.target.length) for event in events] == [(1, 1), (2, 2), (3, 3)]
    assert {"sha256:0123456789abcdef0"} == {event.target.digest for event in events if event.target.size == 1}
    assert {("test-actor", "hostname.local:port", "")} == {
        (event.actor.name, event.source.addr, event.source.instance_id) for event in events
    }


def _avro(release: int) -> bytes:
    return bytes.fromhex((_GOLDEN / f"full.v2.release-{release}.avro.hex").read_text("ascii"))


def test_avro_bytes_are_exact() -> None:
    """An event with every member is these bytes, which fastavro wrote from a record made by hand."""
    (event,) = _events("full.v2.json", V2)
    event = replace(
        event,
        source_format="harbor",
        source_content_type="application/json",
        source_headers={"ce-type": "harbor.artifact.pushed", "ce-id": "6c1a"},
        source_body='{"type": "PUSH_ARTIFACT",\n "operator": "anné"}\n',
    )
    expected = _avro(CATALOG.latest.version)
    assert expected.hex() == encode(event).hex()
    assert event == decode(frame(CATALOG.latest.id, expected), CATALOG.latest.fingerprint)


def test_avro_bytes_of_the_first_release_are_read() -> None:
    """What the first release wrote is the event without the members that came later."""
    (event,) = _events("full.v2.json", V2)
    (first, *_) = CATALOG.releases
    assert event == decode(frame(first.id, _avro(1)), first.fingerprint)


def test_headers_are_exact() -> None:
    """The headers of a record, in order."""
    (event,) = _events("full.v2.json", V2)
    expected = [tuple(pair) for pair in json.loads((_GOLDEN / "full.v2.headers.json").read_text("utf-8"))]
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert expected == [(name, value.decode()) for name, value in record_headers(event, trace_context(parent))]
