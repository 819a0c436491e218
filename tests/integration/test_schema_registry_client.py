"""The client of a schema registry, against the tests' stub: what it asks, understands and says of every trouble."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from runtime.http.client import VERSION
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRefusedError, SchemaRegistry, SchemaRegistryUnavailableError
from tests.kit.exchange import Answer
from tests.kit.registry_questions import PASSWORD, QUESTIONS, SCHEMA, SUBJECT, client_of, trouble, url_with_user
from tests.kit.schema_registry import RestError, incompatible, invalid_schema, schema_not_found
from tests.kit.schema_registry import SchemaRegistry as Stub

CLASHING = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}'


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A registry that lets everyone in."""
    with Stub() as up:
        yield up


@pytest.fixture
def client(stub: Stub) -> SchemaRegistry:
    """Its client, which shows a user that the registry does not ask for."""
    return client_of(url_with_user(stub.url))


# Without trouble.
def test_finds_what_was_registered(stub: Stub, client: SchemaRegistry) -> None:
    """A schema has no id until it is registered, and the same one ever after; its text is given back by id."""
    assert client.find(SUBJECT, SCHEMA) is None
    schema_id = client.register(SUBJECT, SCHEMA)
    assert schema_id == client.register(SUBJECT, SCHEMA)
    assert schema_id == client.find(SUBJECT, SCHEMA)
    assert client.find(SUBJECT, CLASHING) is None
    assert json.loads(SCHEMA) == json.loads(client.schema(schema_id) or "")
    assert client.schema(schema_id + 1) is None
    assert schema_id == stub.register(SUBJECT, SCHEMA)


def test_sets_the_level_of_a_subject(client: SchemaRegistry) -> None:
    """A subject has no level of its own until it is set, before it has a schema too."""
    assert client.compatibility(SUBJECT) is None
    client.set_compatibility(SUBJECT, FULL_TRANSITIVE)
    assert FULL_TRANSITIVE == client.compatibility(SUBJECT)
    assert client.compatibility("other-value") is None
    client.set_compatibility(SUBJECT, "NONE")
    assert "NONE" == client.compatibility(SUBJECT)


def test_asks_as_the_api_reference_has_it(stub: Stub, client: SchemaRegistry) -> None:
    """Methods, paths, bodies and media types of the five questions, by the program's name."""
    for question in QUESTIONS.values():
        with suppress(SchemaRegistryUnavailableError):
            question(client)
    asked = [(one.method, one.path, json.loads(one.body) if one.body else None) for one in stub.requests]
    wanted = [
        ("POST", f"/subjects/{SUBJECT}", {"schema": SCHEMA}),
        ("POST", f"/subjects/{SUBJECT}/versions", {"schema": SCHEMA}),
        ("GET", "/schemas/ids/1", None),
        ("GET", f"/config/{SUBJECT}", None),
        ("PUT", f"/config/{SUBJECT}", {"compatibility": FULL_TRANSITIVE}),
    ]
    assert wanted == asked
    media_type = "application/vnd.schemaregistry.v1+json"
    for one in stub.requests:
        assert f"{media_type}, application/json" == one.header("accept")
        assert (media_type if one.body else None) == one.header("content-type")
        assert f"registry-bridge/{VERSION}" == one.header("user-agent")


def test_a_subject_is_one_part_of_the_path(stub: Stub, client: SchemaRegistry) -> None:
    """Whatever is in its name; a root with a path and a slash keeps the path and loses the slash."""
    assert client.register("a b/ä?#%-value", SCHEMA) == client.find("a b/ä?#%-value", SCHEMA)
    assert ["/subjects/a%20b%2F%C3%A4%3F%23%25-value/versions", "/subjects/a%20b%2F%C3%A4%3F%23%25-value"] == [
        one.path for one in stub.requests
    ]
    trouble(client_of(f"{stub.url}/apis/ccompat/v7/"), QUESTIONS["schema"])
    assert "/apis/ccompat/v7/schemas/ids/1" == stub.requests[-1].path


def test_threads_may_share_it(stub: Stub, client: SchemaRegistry) -> None:
    """Questions asked at once get each its own answer."""
    schemas = [SCHEMA.replace('"R"', f'"R{number}"') for number in range(40)]

    def ask(number: int) -> str:
        schema_id = client.register(f"s{number}-value", schemas[number])
        assert schema_id == client.find(f"s{number}-value", schemas[number])
        return client.schema(schema_id) or ""

    with ThreadPoolExecutor(8) as pool:
        answers = [json.loads(text) for text in pool.map(ask, range(40))]
    assert [json.loads(schema) for schema in schemas] == answers
    assert 120 == len(stub.requests)


# The registry's own no.
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (incompatible(SUBJECT, ["reader lacks b"]), "Schema being registered is incompatible with an earlier schema"),
        (RestError(409, 40901, "Schema is incompatible"), "Schema is incompatible"),
        (invalid_schema("x", "no type"), "Invalid schema x"),
        (RestError(422, 42205, "Subject is in read-only mode"), "Subject is in read-only mode"),
        (RestError(409, 409, ""), "409"),
    ],
)
def test_a_schema_that_is_refused(stub: Stub, client: SchemaRegistry, fault: RestError, told: str) -> None:
    """409 and 422 are a refusal, for which no patience helps: exit 1, with the registry's own words."""
    stub.fail(fault)
    with pytest.raises(SchemaRefusedError) as refused:
        client.register(SUBJECT, SCHEMA)
    assert str(refused.value).startswith(
        f"schema registry {client.safe_url} refuses the schema for subject {SUBJECT}: {told}"
    )
    assert 1 == refused.value.exit_code
    assert PASSWORD not in str(refused.value)


def test_an_incompatible_schema_is_refused_by_the_registrys_rules(client: SchemaRegistry) -> None:
    """Not by a fault that was switched on; and it is not registered."""
    client.set_compatibility(SUBJECT, FULL_TRANSITIVE)
    client.register(SUBJECT, SCHEMA)
    with pytest.raises(SchemaRefusedError, match="incompatible"):
        client.register(SUBJECT, CLASHING)
    assert client.find(SUBJECT, CLASHING) is None


def test_a_lookup_of_what_is_no_schema_there_is_refused(client: SchemaRegistry) -> None:
    """A registry that cannot read the schema will not at the next try either."""
    client.register(SUBJECT, SCHEMA)
    with pytest.raises(SchemaRefusedError, match="Invalid schema"):
        client.find(SUBJECT, "nonsense")


def test_what_a_registry_says_is_cut_and_made_harmless(stub: Stub, client: SchemaRegistry) -> None:
    """Some repeat the whole schema: 300 characters are told, in one line, and nothing that steers a terminal."""
    stub.fail(RestError(409, 409, "a\n\r\n b\x1b[31m\x00\ud800" + " c" * 10_000))
    with pytest.raises(SchemaRefusedError) as refused:
        client.register(SUBJECT, SCHEMA)
    told = str(refused.value).partition(f"{SUBJECT}: ")[2]
    assert ("a b [31m" + " c" * 1_000)[:300] == told


def test_a_409_that_means_nothing_to_a_schema(stub: Stub, client: SchemaRegistry) -> None:
    """A proxy's own 409, without a registry's code, is no refusal."""
    stub.fail(Answer(status=409, body=b"{}"))
    assert "answers 409: is it a schema registry?" == trouble(client, QUESTIONS["register"])


def test_two_set_the_level_at_once(stub: Stub, client: SchemaRegistry) -> None:
    """Apicurio says 409 to one of them: fine if the level is there now, trouble with its words if it is not."""
    conflict = RestError(409, 0, "somebody was quicker")
    stub.fail(conflict, hits=lambda request: request.method == "PUT")
    told = trouble(client, QUESTIONS["set_compatibility"])
    assert f"does not set the compatibility of subject {SUBJECT}: somebody was quicker" == told
    stub.heal()
    client.set_compatibility(SUBJECT, FULL_TRANSITIVE)
    stub.fail(conflict, hits=lambda request: request.method == "PUT")
    client.set_compatibility(SUBJECT, FULL_TRANSITIVE)


def test_a_level_that_the_registry_does_not_know(client: SchemaRegistry) -> None:
    """What was not set is not taken for set."""
    told = trouble(client, lambda client: client.set_compatibility(SUBJECT, "SIDEWAYS"))
    assert told.startswith(f"does not set the compatibility of subject {SUBJECT}: Invalid compatibility level")


# Schemas that are there and cannot be used.
@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"schema": SCHEMA}, SCHEMA),
        ({"schema": SCHEMA, "schemaType": "AVRO", "references": []}, SCHEMA),
        ({"schema": SCHEMA, "schemaType": "AVRO", "references": None}, SCHEMA),
        ({"schema": "{}", "schemaType": "JSON"}, None),
        ({"schema": 'syntax = "proto3";', "schemaType": "PROTOBUF"}, None),
        ({"schema": SCHEMA, "schemaType": None}, None),
        ({"schema": SCHEMA, "references": [{"name": "o", "subject": "o-value", "version": 1}]}, None),
    ],
)
def test_only_avro_that_stands_alone(stub: Stub, client: SchemaRegistry, answer: object, wanted: str | None) -> None:
    """JSON Schema, Protobuf and what needs other schemas to be read are none to us."""
    stub.fail(Answer(body=json.dumps(answer).encode()))
    assert wanted == client.schema(1)


def test_an_id_that_is_not_there(stub: Stub, client: SchemaRegistry) -> None:
    """The registry's own 404 is an answer."""
    stub.fail(schema_not_found(7))
    assert client.schema(7) is None
