"""A schema registry's client when the registry is away, slow, or answers what no registry should."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.schema_registry import SchemaRegistry
from tests.kit.exchange import Answer
from tests.kit.receiver import Receiver
from tests.kit.registry_questions import (
    QUESTIONS,
    SCHEMA,
    SUBJECT,
    Question,
    client_of,
    trouble,
    troubles,
    url_with_user,
)
from tests.kit.schema_registry import SchemaRegistry as Stub
from tests.kit.schema_registry import unavailable

HURRY_S = 0.3
"""The limit where its end is what a test waits for; elsewhere a busy machine is no fault."""


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A registry that lets everyone in."""
    with Stub() as up:
        yield up


@pytest.fixture
def client(stub: Stub) -> SchemaRegistry:
    """Its client, which shows a user that the registry does not ask for."""
    return client_of(url_with_user(stub.url))


@pytest.fixture
def hurried(stub: Stub) -> SchemaRegistry:
    """The same client, out of patience at once."""
    return client_of(url_with_user(stub.url), limit_s=HURRY_S)


# The registry is away, or something else is there.
def test_refused_connection(stub: Stub, client: SchemaRegistry) -> None:
    """Nobody listens: said; and as soon as somebody does again, the same client is answered."""
    assert client.register(SUBJECT, SCHEMA) == 1
    stub.stop()
    assert trouble(client, QUESTIONS["find"]).startswith("cannot be reached: ")  # over the connection it had, perhaps
    [told] = troubles(client)
    assert told.startswith("cannot be reached: Connection refused")
    stub.start()
    assert 1 == client.find(SUBJECT, SCHEMA)


def test_unknown_host() -> None:
    """A name that nobody has."""
    told = trouble(client_of("http://registry.invalid:8081", limit_s=HURRY_S), QUESTIONS["find"])
    assert told.startswith("cannot be reached: ") or told == f"does not answer within {HURRY_S:g} s"


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_timeout(stub: Stub, hurried: SchemaRegistry, question: Question) -> None:
    """No answer within the limit; the limit is said."""
    stub.slow_down(600)
    begun = time.monotonic()
    assert "does not answer within 0.3 s" == trouble(hurried, question)
    assert HURRY_S <= time.monotonic() - begun < 60


def test_timeout_of_the_body(stub: Stub, hurried: SchemaRegistry) -> None:
    """The limit counts to the last byte: headers alone do not stretch it."""
    stub.fail(Answer(body=b'{"id": 1}', body_delay=600))
    assert "does not answer within 0.3 s" == trouble(hurried, QUESTIONS["find"])


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (204, "is it a schema registry?"),
        (302, "is it a schema registry?"),
        (307, "is it a schema registry?"),
        (400, "is it a schema registry?"),
        (401, "set schema_registry.authorization, or the user in its url, to what it accepts"),
        (403, "its user may not do this"),
        (405, "is it a schema registry?"),
        (429, "is it a schema registry?"),
        (500, "it has an internal fault"),
        (503, "it has an internal fault"),
    ],
)
def test_statuses_that_say_nothing_of_a_schema(
    stub: Stub, client: SchemaRegistry, receiver: Receiver, status: int, hint: str
) -> None:
    """Every question meets one line with the status and a hint; redirects are not followed."""
    elsewhere = (("Location", f"{receiver.url}/subjects"),) if status in {302, 307} else ()
    for body in (b"", b'{"error_code": %d, "message": "bob:s3cret"}' % status, b"<html>t0ken</html>"):
        stub.fail(Answer(status=status, headers=elsewhere, body=body if status != 204 else b""))
        assert {f"answers {status}: {hint}"} == troubles(client)
        stub.heal()
    assert [] == receiver.requests


def test_the_registrys_own_503(stub: Stub, client: SchemaRegistry) -> None:
    """What a registry that starts, or has lost its leader, says is trouble that passes."""
    stub.fail(unavailable(), times=1)
    assert "answers 503: it has an internal fault" == trouble(client, QUESTIONS["register"])
    assert 1 == client.register(SUBJECT, SCHEMA)


def test_a_url_that_is_not_its_root(stub: Stub) -> None:
    """A 404 of an unknown path is not "no such schema": nothing is registered, nothing is thought undecodable."""
    stub.register(SUBJECT, SCHEMA)
    elsewhere = client_of(f"{stub.url}/no/such/path")
    for name in ("register", "schema", "set_compatibility"):
        assert "answers 404: is schema_registry.url its root?" == trouble(elsewhere, QUESTIONS[name])


@pytest.mark.parametrize("body", [b"", b"Not Found", b'{"error_code": 404, "message": "HTTP 404 Not Found"}'])
def test_a_registry_that_lacks_the_routes_that_only_look(stub: Stub, client: SchemaRegistry, body: bytes) -> None:
    """Whatever 404 it answers there, nothing is found, and registering tells."""
    stub.fail(Answer(status=404, body=body), hits=lambda request: "/versions" not in request.path)
    assert client.find(SUBJECT, SCHEMA) is None
    assert client.compatibility(SUBJECT) is None
    assert 1 == client.register(SUBJECT, SCHEMA)


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[1]", b'"id"', b"\xff\xfe\x00", b'{"id": 1', b"[" * 1_000_000])
def test_a_body_that_is_no_json_object(stub: Stub, client: SchemaRegistry, body: bytes) -> None:
    """Also one that is nested so deeply that reading it fails."""
    stub.fail(Answer(body=body))
    assert {"answers 200: no JSON object: is it a schema registry?"} == troubles(client)


@pytest.mark.parametrize(
    "shown", [{}, {"id": None}, {"id": "1"}, {"id": 1.0}, {"id": True}, {"id": -1}, {"id": 2**31}, {"id": 10**30}]
)
def test_an_answer_without_an_id(stub: Stub, client: SchemaRegistry, shown: dict[str, Any]) -> None:
    """What does not fit a record's framing is no id."""
    stub.fail(Answer(body=json.dumps(shown).encode()))
    for name in ("find", "register"):
        assert "answers without an id: is it a schema registry?" == trouble(client, QUESTIONS[name])


@pytest.mark.parametrize("found", [0, 1, 2**31 - 1])
def test_ids_that_fit(stub: Stub, client: SchemaRegistry, found: int) -> None:
    """The whole of Java's non-negative `int` is taken."""
    stub.fail(Answer(body=json.dumps({"id": found}).encode()))
    assert (found, found) == (client.find(SUBJECT, SCHEMA), client.register(SUBJECT, SCHEMA))


@pytest.mark.parametrize("shown", [None, 7, {}, ["FULL"]])
def test_an_answer_without_what_was_asked_for(stub: Stub, client: SchemaRegistry, shown: object) -> None:
    """A schema or a level that is missing or no text is neither "none" nor a text `None`."""
    stub.fail(Answer(body=json.dumps({"schema": shown, "compatibilityLevel": shown}).encode()))
    assert "answers without schema: is it a schema registry?" == trouble(client, QUESTIONS["schema"])
    assert "answers without compatibilityLevel: is it a schema registry?" == trouble(client, QUESTIONS["compatibility"])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(abort=True), "cannot be reached: "),
        (Answer(raw=b"SSH-2.0-OpenSSH\r\n\r\n"), "cannot be reached: "),
        (Answer(raw=b""), "cannot be reached: "),
        (Answer(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":'), "cannot be reached: "),
        (Answer(headers=[("Content-Encoding", "gzip")], body=b"\x1f\x8b"), "answers 200: no JSON object"),
    ],
)
def test_an_exchange_that_breaks(stub: Stub, client: SchemaRegistry, answer: Answer, told: str) -> None:
    """A reset, bytes that are no HTTP, half a body, and one that is compressed though nobody asked for it."""
    stub.fail(answer)
    for question in QUESTIONS.values():
        assert trouble(client, question).startswith(told)


@pytest.mark.parametrize(("mebibytes", "taken"), [(3, True), (5, False)])
def test_an_answer_is_not_read_without_end(stub: Stub, client: SchemaRegistry, mebibytes: int, *, taken: bool) -> None:
    """A large schema is taken whole; beyond 4 MiB reading stops."""
    schema = json.dumps({"type": "string", "doc": "x" * (mebibytes << 20)})
    stub.fail(Answer(body=json.dumps({"schema": schema}).encode()))
    if taken:
        assert schema == client.schema(1)
    else:
        assert "answers with more than 4 MiB: is it the right address?" == trouble(client, QUESTIONS["schema"])
