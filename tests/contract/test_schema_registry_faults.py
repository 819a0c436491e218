"""The stub of Confluent's Schema Registry fails on demand, and only then."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.authority import authority
from tests.kit.eventually import LIMIT_S
from tests.kit.exchange import Answer, Captured
from tests.kit.schema_registry import (
    RestError,
    SchemaRegistry,
    basic,
    incompatible,
    invalid_schema,
    schema_not_found,
    subject_not_found,
    unauthorized,
    unavailable,
)

TEXT = '"string"'


@pytest.fixture
def registry() -> Iterator[SchemaRegistry]:
    """A registry that is up and empty."""
    with SchemaRegistry() as up:
        yield up


def ask(registry: SchemaRegistry, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """The status and the parsed body of an answer."""
    connection = http.client.HTTPConnection(f"127.0.0.1:{registry.port}", timeout=LIMIT_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_ids_count_from_one_over_all_subjects(registry: SchemaRegistry) -> None:
    """The first schema is 1, the next one 2, whatever their subjects."""
    assert [1, 2, 1] == [registry.register(*one) for one in (("a", '"int"'), ("b", '"long"'), ("c", '"int"'))]
    assert (200, {"id": 3}) == ask(registry, "POST", "/subjects/a2/versions", {"schema": TEXT})


def test_what_is_registered_without_http_is_served(registry: SchemaRegistry) -> None:
    """A schema that the test puts in is there for whoever asks."""
    registry.register("a", TEXT)
    assert (200, {"schema": TEXT}) == ask(registry, "GET", "/schemas/ids/1")


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (unavailable(), 503, {"error_code": 503, "message": "HTTP 503 Service Unavailable"}),
        (unauthorized(), 401, {"error_code": 401, "message": "Unauthorized"}),
        (schema_not_found(7), 404, {"error_code": 40403, "message": "Schema 7 not found"}),
        (subject_not_found("s"), 404, {"error_code": 40401, "message": "Subject 's' not found."}),
        (
            incompatible("s", ["why"]),
            409,
            {
                "error_code": 409,
                "message": "Schema being registered is incompatible with an earlier schema for subject "
                '"s", details: [why]',
            },
        ),
        (
            invalid_schema("{}", "no type"),
            422,
            {"error_code": 42201, "message": "Invalid schema {} with refs [] of type AVRO, details: no type"},
        ),
    ],
)
def test_a_fault_is_answered_as_often_as_said(
    registry: SchemaRegistry, fault: RestError, status: int, body: dict[str, Any]
) -> None:
    """The next two requests meet it, and the third one does not."""
    registry.fail(fault, times=2)
    answers = [ask(registry, "GET", "/subjects") for _ in range(3)]
    assert [(status, body), (status, body), (200, [])] == answers


def test_a_fault_stays_until_it_is_healed(registry: SchemaRegistry) -> None:
    """Without a number every request meets it; a failed registration has registered nothing."""
    registry.fail(unavailable())
    assert [503, 503] == [ask(registry, "POST", "/subjects/a/versions", {"schema": TEXT})[0] for _ in range(2)]
    registry.heal()
    assert (200, []) == ask(registry, "GET", "/subjects")


def test_a_fault_may_hit_some_requests_only(registry: SchemaRegistry) -> None:
    """Reading goes on while writing fails."""

    def is_write(request: Captured) -> bool:
        return request.method != "GET"

    registry.fail(unavailable(), hits=is_write)
    assert 503 == ask(registry, "PUT", "/config/a", {"compatibility": "FULL"})[0]
    assert (200, []) == ask(registry, "GET", "/subjects")


def test_faults_are_met_in_turn(registry: SchemaRegistry) -> None:
    """The one that was set first is used up first."""
    registry.fail(unauthorized(), times=1)
    registry.fail(unavailable(), times=1)
    assert [401, 503, 200] == [ask(registry, "GET", "/subjects")[0] for _ in range(3)]


def test_a_fault_may_be_any_answer(registry: SchemaRegistry) -> None:
    """A reset in place of an answer."""
    registry.fail(Answer(abort=True), times=1)
    with pytest.raises(ConnectionError):
        ask(registry, "GET", "/subjects")
    assert (200, []) == ask(registry, "GET", "/subjects")


def test_answers_may_be_slow(registry: SchemaRegistry) -> None:
    """They take the time that was said, until it is healed."""
    registry.slow_down(0.5)
    begun = time.monotonic()
    assert (200, []) == ask(registry, "GET", "/subjects")
    assert 0.5 <= time.monotonic() - begun
    registry.slow_down(10 * LIMIT_S)
    registry.heal()
    assert (200, []) == ask(registry, "GET", "/subjects")


def test_it_may_be_down_for_a_while(registry: SchemaRegistry) -> None:
    """Connections are refused while it is stopped; afterwards it is where it was and knows what it knew."""
    registry.register("a", TEXT)
    registry.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(registry, "GET", "/subjects")
    registry.start()
    assert (200, {"schema": TEXT}) == ask(registry, "GET", "/schemas/ids/1")


def test_it_may_lose_everything(registry: SchemaRegistry) -> None:
    """Forgotten ids are unknown, and are given out anew."""
    registry.register("a", TEXT)
    registry.forget()
    assert 404 == ask(registry, "GET", "/schemas/ids/1")[0]
    assert 1 == registry.register("b", '"int"')


def test_every_request_is_kept(registry: SchemaRegistry) -> None:
    """What a client sent can be looked at, refused or not."""
    registry.fail(unavailable(), times=1)
    ask(registry, "PUT", "/config/a", {"compatibility": "FULL"})
    ask(registry, "GET", "/config")
    assert [("PUT", "/config/a", 503), ("GET", "/config", 200)] == [
        (one.method, one.path, one.status) for one in registry.wait_for(2)
    ]
    assert b'{"compatibility": "FULL"}' == registry.requests[0].body


def test_it_may_speak_https_to_users_only(tmp_path: Path) -> None:
    """A request in the clear gets no answer, and a request without a user is kept as one that was refused."""
    known = authority(tmp_path)
    with SchemaRegistry(tls=known.server(), authorization=basic("u", "p")) as registry:
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            ask(registry, "GET", "/subjects")
        trusting = ssl.create_default_context(cafile=known.file)
        connection = http.client.HTTPSConnection(f"127.0.0.1:{registry.port}", timeout=LIMIT_S, context=trusting)
        connection.request("GET", "/subjects")
        assert 401 == connection.getresponse().status
        connection.close()
        assert [401] == [one.status for one in registry.requests]


def test_an_incompatible_schema_is_told_as_confluent_tells_it(registry: SchemaRegistry) -> None:
    """The reasons, the version and the schema that stand against it, and the level are in the message."""
    registry.register("a", '"int"')
    with pytest.raises(RestError) as refused:
        registry.register("a", '"string"')
    message = json.loads(refused.value.answer.body)["message"]
    assert (
        'Schema being registered is incompatible with an earlier schema for subject "a", details: '
        "[{errorType:'TYPE_MISMATCH', description:'at path '/'', additionalInfo:'reader string, writer int'}, "
        "{oldSchemaVersion: 1}, {oldSchema: '\"int\"'}, {compatibility: 'BACKWARD'}]"
    ) == message
