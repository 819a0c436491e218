"""Schema registries as the bridge meets them: the stub of Confluent's API does as a real registry, Apicurio, does.

Raw HTTP, none of the bridge's own code. Where Apicurio is known to do otherwise than Confluent's reference and source,
a test of its own says what each of them does.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from schemas.catalog import CATALOG, fingerprint_of
from tests.kit.apicurio import Apicurio
from tests.kit.authority import authority
from tests.kit.eventually import LIMIT_S
from tests.kit.schema_registry import SchemaRegistry, basic

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
OURS = CATALOG.latest.text
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Reply:
    """A registry's answer; `body` is parsed, None if it is empty or no JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def error(self) -> tuple[int, int]:
        """The status and the code of an error."""
        return self.status, self.body["error_code"]


@dataclass(frozen=True)
class Registry:
    """A registry that is up: where, and which."""

    name: str
    url: str
    tls: ssl.SSLContext | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] = NONE) -> Reply:
        """Sends one request, its body as JSON unless it is bytes, and reads the answer."""
        base = urlsplit(self.url)
        connection = self._connection(base.netloc)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        typed = {} if content is None else {"Content-Type": MEDIA_TYPE}
        try:
            connection.request(method, base.path + path, content, {**typed, **self.headers, **headers})
            answer = connection.getresponse()
            return Reply(answer.status, _parsed(answer.read()), {k.lower(): v for k, v in answer.getheaders()})
        finally:
            connection.close()

    def register(self, subject: str, schema: str) -> Reply:
        """Registers a schema."""
        return self.ask("POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": schema})

    def set_level(self, subject: str, level: str) -> Reply:
        """Sets the compatibility level of a subject."""
        return self.ask("PUT", f"/config/{subject}", {"compatibility": level})

    def id_of(self, subject: str, schema: str) -> int:
        """Registers a schema that must be accepted, and returns its id."""
        reply = self.register(subject, schema)
        assert 200 == reply.status, reply
        assert isinstance(reply.body["id"], int)
        return int(reply.body["id"])

    def versions(self, subject: str) -> list[int]:
        """The numbers of a subject's versions."""
        found = self.ask("GET", f"/subjects/{subject}/versions").body
        assert isinstance(found, list), found
        return found

    def _connection(self, address: str) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection(address, timeout=LIMIT_S)
        return http.client.HTTPSConnection(address, timeout=LIMIT_S, context=self.tls)


@pytest.fixture(scope="module")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The real one, once for all."""
    with Apicurio(tmp_path_factory.mktemp("apicurio")) as up:
        yield Registry("apicurio", up.url)


@pytest.fixture
def stub() -> Iterator[Registry]:
    """Ours."""
    with SchemaRegistry() as up:
        yield Registry("stub", up.url)


@pytest.fixture(params=["stub", "apicurio"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """Each registry in turn."""
    found: Registry = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def subject(topic: str) -> str:
    """A subject that no other test uses."""
    return f"{topic}-value"


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def record(*fields: Mapping[str, Any], name: str = "R") -> str:
    """A record's schema."""
    return json.dumps({"type": "record", "name": name, "fields": list(fields)})


def changed(**members: Any) -> str:
    """Our schema with one more field."""
    schema = json.loads(OURS)
    schema["fields"].append({"name": "extra", **members})
    return json.dumps(schema)


WITH_DEFAULT = changed(type=["null", "string"], default=None)
WITHOUT_DEFAULT = changed(type="string")


def test_a_schema_gets_an_id_and_is_given_back_by_it(registry: Registry, subject: str) -> None:
    """The bridge's schema is registered under a positive id, which gives it back whole, documentation and all."""
    schema_id = registry.id_of(subject, OURS)
    assert schema_id > 0
    found = registry.ask("GET", f"/schemas/ids/{schema_id}")
    assert 200 == found.status
    assert "AVRO" == found.body.get("schemaType", "AVRO")
    schema = json.loads(found.body["schema"])
    assert json.loads(OURS) == schema
    assert CATALOG.latest.fingerprint == fingerprint_of(schema)


def test_the_same_schema_again_is_the_same_id(registry: Registry, subject: str) -> None:
    """Registering again changes nothing, with the type spelled out or not."""
    schema_id = registry.id_of(subject, OURS)
    assert schema_id == registry.id_of(subject, OURS)
    again = registry.ask("POST", f"/subjects/{subject}/versions", {"schema": OURS, "schemaType": "AVRO"})
    assert (200, schema_id) == (again.status, again.body["id"])
    assert [1] == registry.versions(subject)


def test_an_id_belongs_to_a_schema_and_not_to_a_subject(registry: Registry, subject: str) -> None:
    """Under another subject the same schema has the same id."""
    assert registry.id_of(subject, OURS) == registry.id_of(f"other-{subject}", OURS)


def test_documentation_makes_a_schema_another_one(registry: Registry, subject: str) -> None:
    """With another doc it has another id, though it reads and writes the same data."""
    other = OURS.replace("One action on", "An action on", 1)
    assert CATALOG.latest.fingerprint == fingerprint_of(json.loads(other))
    registry.set_level(subject, "FULL_TRANSITIVE")
    assert registry.id_of(subject, OURS) != registry.id_of(subject, other)


def test_a_compatible_schema_is_a_new_version(registry: Registry, subject: str) -> None:
    """A field with a default is let in under FULL_TRANSITIVE, with an id of its own, and becomes the latest."""
    registry.set_level(subject, "FULL_TRANSITIVE")
    first, second = registry.id_of(subject, OURS), registry.id_of(subject, WITH_DEFAULT)
    assert first != second
    assert [1, 2] == registry.versions(subject)
    latest = registry.ask("GET", f"/subjects/{subject}/versions/latest")
    assert (200, subject, 2, second) == (latest.status, *(latest.body[name] for name in ("subject", "version", "id")))
    assert json.loads(WITH_DEFAULT) == json.loads(latest.body["schema"])
    earlier = registry.ask("GET", f"/subjects/{subject}/versions/1")
    assert (200, 1, first) == (earlier.status, earlier.body["version"], earlier.body["id"])


def test_an_older_bridge_gets_the_id_of_its_own_schema(registry: Registry, subject: str) -> None:
    """A schema that is no longer the latest keeps its id and makes no new version."""
    registry.set_level(subject, "FULL_TRANSITIVE")
    first, _ = registry.id_of(subject, OURS), registry.id_of(subject, WITH_DEFAULT)
    assert first == registry.id_of(subject, OURS)
    assert [1, 2] == registry.versions(subject)


def test_an_incompatible_schema_is_refused(registry: Registry, subject: str) -> None:
    """A field without a default is 409 under FULL_TRANSITIVE, the message names it, and no version is made."""
    registry.set_level(subject, "FULL_TRANSITIVE")
    registry.id_of(subject, OURS)
    refused = registry.register(subject, WITHOUT_DEFAULT)
    assert (409, 409) == refused.error
    assert subject in refused.body["message"]
    assert "extra" in refused.body["message"]
    assert [1] == registry.versions(subject)


def test_the_level_can_be_set_before_the_subject_exists(registry: Registry, subject: str) -> None:
    """It is kept, holds for the first version already, and can be changed later."""
    assert 200 == registry.set_level(subject, "FULL_TRANSITIVE").status
    assert {"compatibilityLevel": "FULL_TRANSITIVE"} == registry.ask("GET", f"/config/{subject}").body
    registry.id_of(subject, OURS)
    assert {"compatibilityLevel": "FULL_TRANSITIVE"} == registry.ask("GET", f"/config/{subject}").body
    assert 200 == registry.set_level(subject, "NONE").status
    assert {"compatibilityLevel": "NONE"} == registry.ask("GET", f"/config/{subject}").body
    assert registry.id_of(subject, OURS) != registry.id_of(subject, WITHOUT_DEFAULT)


def test_the_level_of_an_existing_subject_can_be_set(registry: Registry, subject: str) -> None:
    """From then on it holds against the versions that are there."""
    registry.id_of(subject, OURS)
    registry.set_level(subject, "FULL_TRANSITIVE")
    assert (409, 409) == registry.register(subject, WITHOUT_DEFAULT).error


A = {"name": "a", "type": "int"}
B = {"name": "b", "type": "int", "default": 1}
B_AS_TEXT = {"name": "b", "type": "string", "default": "x"}
C = {"name": "c", "type": "int"}


@pytest.mark.parametrize(
    ("level", "statuses"),
    [
        ("NONE", [200, 200, 200, 200, 200]),
        ("BACKWARD", [200, 200, 200, 409, 409]),
        ("BACKWARD_TRANSITIVE", [200, 200, 409, 409, 200]),
        ("FORWARD", [200, 200, 200, 200, 409]),
        ("FORWARD_TRANSITIVE", [200, 200, 409, 200, 409]),
        ("FULL", [200, 200, 200, 409, 409]),
        ("FULL_TRANSITIVE", [200, 200, 409, 409, 409]),
    ],
)
def test_each_level_lets_in_what_it_should(registry: Registry, subject: str, level: str, statuses: list[int]) -> None:
    """Which of several changes each level accepts: one of the last version only, a transitive one of all."""
    registry.set_level(subject, level)
    changes = [record(A, B), record(A), record(A, B_AS_TEXT), record(A, C), record(B)]
    assert statuses == [registry.register(subject, change).status for change in changes]


def of(kind: Any) -> str:
    """A record with one field of this type."""
    return record({"name": "f", "type": kind})


def enum(*symbols: str, **members: Any) -> dict[str, Any]:
    """An enum's schema."""
    return {"type": "enum", "name": "E", "symbols": list(symbols), **members}


INNER = {"type": "record", "name": "Inner", "fields": [A]}
INNER_MORE = {"type": "record", "name": "Inner", "fields": [A, C]}
TREE = {"name": "left", "type": ["null", "R"]}
RESOLUTIONS = [
    ("int to long", of("int"), of("long"), 200),
    ("long to int", of("long"), of("int"), 409),
    ("int to text", of("int"), of("string"), 409),
    ("bytes to text", of("bytes"), of("string"), 200),
    ("into a union", of("string"), of(["null", "string"]), 200),
    ("out of a union", of(["null", "string"]), of("string"), 409),
    ("wider union", of(["null", "string"]), of(["null", "string", "int"]), 200),
    ("narrower union", of(["null", "string", "int"]), of(["null", "string"]), 409),
    ("union of records", of(["null", INNER]), of(["null", INNER_MORE]), 409),
    ("more symbols", of(enum("x")), of(enum("x", "y")), 200),
    ("fewer symbols", of(enum("x", "y")), of(enum("x")), 409),
    ("fewer symbols and a default", of(enum("x", "y")), of(enum("x", default="x")), 200),
    ("same size", of({"type": "fixed", "name": "F", "size": 4}), of({"type": "fixed", "name": "F", "size": 4}), 200),
    ("other size", of({"type": "fixed", "name": "F", "size": 4}), of({"type": "fixed", "name": "F", "size": 8}), 409),
    ("items", of({"type": "array", "items": "int"}), of({"type": "array", "items": "long"}), 200),
    ("other items", of({"type": "array", "items": "int"}), of({"type": "array", "items": "string"}), 409),
    ("values", of({"type": "map", "values": "int"}), of({"type": "map", "values": "double"}), 200),
    ("other values", of({"type": "map", "values": "int"}), of({"type": "map", "values": "bytes"}), 409),
    ("renamed field", record(A), record({"name": "z", "type": "int", "aliases": ["a"]}), 200),
    ("renamed record", record(A), record(A, name="S"), 409),
    ("nested field", of(INNER), of(INNER_MORE), 409),
    ("within itself", record(A, TREE), record(B, TREE), 200),
    ("within itself, more", record(A, TREE), record(A, C, TREE), 409),
]


@pytest.mark.parametrize(("old", "new", "status"), [case[1:] for case in RESOLUTIONS], ids=[c[0] for c in RESOLUTIONS])
def test_a_new_schema_must_read_old_data(registry: Registry, subject: str, old: str, new: str, status: int) -> None:
    """What schema resolution allows under BACKWARD is let in, all else is 409."""
    registry.set_level(subject, "BACKWARD")
    registry.id_of(subject, old)
    assert status == registry.register(subject, new).status


def test_unknown_things_are_404_with_their_codes(registry: Registry, subject: str) -> None:
    """An unknown id is 40403, an unknown subject 40401, an unknown version 40402."""
    assert (404, 40403) == registry.ask("GET", "/schemas/ids/999999").error
    assert (404, 40403) == registry.ask("GET", f"/schemas/ids/{CATALOG.latest.id}").error
    assert (404, 40401) == registry.ask("GET", f"/subjects/{subject}/versions").error
    assert (404, 40401) == registry.ask("GET", f"/subjects/{subject}/versions/latest").error
    assert (404, 40401) == registry.ask("POST", f"/subjects/{subject}", {"schema": OURS}).error
    registry.id_of(subject, OURS)
    assert (404, 40402) == registry.ask("GET", f"/subjects/{subject}/versions/2").error
    assert 404 == registry.ask("GET", "/schemas/ids/abc").status
    assert 404 == registry.ask("GET", "/no-such-thing").status


def test_a_schema_is_looked_up_without_registering_it(registry: Registry, subject: str) -> None:
    """The subject tells the version and id of a schema it has; one it has not is 40403 and is not registered."""
    schema_id = registry.id_of(subject, OURS)
    found = registry.ask("POST", f"/subjects/{subject}", {"schema": OURS})
    assert (200, subject, 1, schema_id) == (found.status, *(found.body[name] for name in ("subject", "version", "id")))
    assert json.loads(OURS) == json.loads(found.body["schema"])
    assert (404, 40403) == registry.ask("POST", f"/subjects/{subject}", {"schema": WITH_DEFAULT}).error
    assert [1] == registry.versions(subject)


@pytest.mark.parametrize("schema", ["nonsense", '{"type":', '{"type": "nonsense"}', '{"type": "record", "name": "X"}'])
def test_an_invalid_schema_is_refused(registry: Registry, subject: str, schema: str) -> None:
    """What is no Avro schema is 422 with 42201, and makes no subject."""
    assert (422, 42201) == registry.register(subject, schema).error
    assert (404, 40401) == registry.ask("GET", f"/subjects/{subject}/versions").error


@pytest.mark.parametrize(
    "media_type", [MEDIA_TYPE, "application/vnd.schemaregistry+json", "application/json; charset=utf-8"]
)
def test_media_types_that_are_understood(registry: Registry, subject: str, media_type: str) -> None:
    """A registration may have each of these types, and be answered in it."""
    headers = {"Content-Type": media_type, "Accept": media_type}
    reply = registry.ask("POST", f"/subjects/{subject}/versions", {"schema": OURS}, headers)
    assert 200 == reply.status


def test_other_media_types_are_refused(registry: Registry, subject: str) -> None:
    """A body of another type is 415, an answer wanted in another type 406."""
    body = {"schema": OURS}
    assert 415 == registry.ask("POST", f"/subjects/{subject}/versions", body, {"Content-Type": "text/plain"}).status
    assert 406 == registry.ask("GET", "/subjects", headers={"Accept": "text/plain"}).status


def test_answers_have_the_type_that_was_asked_for(registry: Registry) -> None:
    """Whoever accepts the registry's own type gets it."""
    reply = registry.ask("GET", "/subjects", headers={"Accept": MEDIA_TYPE})
    assert MEDIA_TYPE == reply.headers["content-type"]


def test_a_body_that_is_no_json_is_refused(registry: Registry, subject: str) -> None:
    """It is 400."""
    assert 400 == registry.ask("POST", f"/subjects/{subject}/versions", b"{").status


def test_a_subject_may_have_any_name(registry: Registry, subject: str) -> None:
    """Percent-encoded in the path, a slash is part of the name."""
    name = f"team/{subject}"
    schema_id = registry.id_of(name, OURS)
    assert name in registry.ask("GET", "/subjects").body
    found = registry.ask("GET", f"/subjects/{quote(name, safe='')}/versions/latest")
    assert (name, schema_id) == (found.body["subject"], found.body["id"])


def test_bridges_that_start_at_once_get_one_id(registry: Registry, subject: str) -> None:
    """Of equal schemas that are registered at the same time one version is made, and all get its id."""
    replies = at_once(8, lambda: registry.register(subject, OURS))
    assert {200} == {reply.status for reply in replies}
    assert 1 == len({reply.body["id"] for reply in replies})
    assert [1] == registry.versions(subject)


def at_once(count: int, ask: Any) -> list[Reply]:
    """What as many threads are answered that ask at the same time."""
    barrier = threading.Barrier(count)
    replies: list[Reply] = []

    def run() -> None:
        barrier.wait()
        replies.append(ask())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == len(replies)
    return replies


# Where they differ.


def test_levels_that_are_set_at_once(registry: Registry, subject: str) -> None:
    """The level is set for all. Apicurio may answer some of the writers 409: a level that another set just before."""
    replies = at_once(8, lambda: registry.set_level(subject, "FULL_TRANSITIVE"))
    assert {reply.status for reply in replies} <= ({200} if registry.name == "stub" else {200, 409})
    assert {"compatibilityLevel": "FULL_TRANSITIVE"} == registry.ask("GET", f"/config/{subject}").body


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OURS, json.dumps(json.loads(OURS))),
        ('{"type":"record","name":"R","fields":[]}', '{"fields":[],"name":"R","type":"record"}'),
        ('{"type":"record","name":"n.R","fields":[]}', '{"type":"record","name":"R","namespace":"n","fields":[]}'),
        (of("long"), of({"type": "long"})),
        (of({"type": "long", "logicalType": "date"}), of({"logicalType": "date", "type": "long"})),
    ],
    ids=["white space", "order", "name", "type", "logical type"],
)
def test_what_makes_two_schemas_one(registry: Registry, subject: str, one: str, other: str) -> None:
    """To Confluent's registry only what a schema says makes a difference; to Apicurio the text is all."""
    same = registry.id_of(subject, one) == registry.id_of(subject, other)
    assert (registry.name == "stub") is same


def test_the_text_that_is_given_back(registry: Registry, subject: str) -> None:
    """Confluent's registry gives back a text of its own, Apicurio the text it got."""
    text = registry.ask("GET", f"/schemas/ids/{registry.id_of(subject, OURS)}").body["schema"]
    assert (registry.name == "apicurio") is (text == OURS)
    assert (registry.name == "apicurio") is ("\n" in text)


def test_the_level_of_a_subject_without_one(registry: Registry, subject: str) -> None:
    """Confluent's registry says 40408 unless the level of all will do; Apicurio says whether it knows the subject."""
    expected = {"stub": (404, 40408), "apicurio": (404, 40401)}
    assert expected[registry.name] == registry.ask("GET", f"/config/{subject}").error
    registry.id_of(subject, OURS)
    reply = registry.ask("GET", f"/config/{subject}")
    if registry.name == "stub":
        assert (404, 40408) == reply.error
        reply = registry.ask("GET", f"/config/{subject}?defaultToGlobal=true")
    assert registry.ask("GET", "/config").body == reply.body


def test_the_level_of_all_by_default(registry: Registry) -> None:
    """Confluent's registry looks after readers unless told otherwise; Apicurio checks nothing."""
    expected = {"stub": "BACKWARD", "apicurio": "NONE"}
    assert {"compatibilityLevel": expected[registry.name]} == registry.ask("GET", "/config").body


def test_the_answer_to_a_level(registry: Registry, subject: str) -> None:
    """Confluent's registry echoes the request; Apicurio answers as to a question."""
    expected = {"stub": "compatibility", "apicurio": "compatibilityLevel"}
    assert {expected[registry.name]: "FULL"} == registry.set_level(subject, "FULL").body


def test_what_has_no_sense(registry: Registry, subject: str) -> None:
    """An unknown level and a missing schema are the caller's fault to Confluent's registry, and Apicurio's own."""
    expected = {"stub": [(422, 42203), (422, 42201)], "apicurio": [(500, 0), (500, 0)]}
    without = registry.ask("POST", f"/subjects/{subject}/versions", {"schemaType": "AVRO"})
    assert expected[registry.name] == [registry.set_level(subject, "SOME").error, without.error]


# TLS and users.

USER, PASSWORD = "bridge", "s3cret: $x\\y"


@pytest.fixture(params=["stub", "apicurio"])
def secured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """Each registry with TLS and a user, which the client trusts and does not name."""
    known = authority(tmp_path)
    up = (
        SchemaRegistry(tls=known.server(), authorization=basic(USER, PASSWORD))
        if request.param == "stub"
        else Apicurio(tmp_path / "apicurio", authority=known, users={USER: PASSWORD})
    )
    with up:
        yield Registry(request.param, up.url, ssl.create_default_context(cafile=known.file))


def test_a_secured_registry_serves_whom_it_knows(secured: Registry, subject: str) -> None:
    """It speaks HTTPS by the authority's certificate only, and answers 401 to whoever is not its user."""
    assert secured.url.startswith("https://127.0.0.1:")
    versions, body = f"/subjects/{subject}/versions", {"schema": OURS}
    for headers in (NONE, {"Authorization": basic(USER, "wrong")}, {"Authorization": basic("nobody", PASSWORD)}):
        refused = secured.ask("POST", versions, body, headers)
        assert 401 == refused.status
        assert refused.headers["www-authenticate"].lower().startswith("basic")
    assert 200 == secured.ask("POST", versions, body, {"Authorization": basic(USER, PASSWORD)}).status
    with pytest.raises(ssl.SSLCertVerificationError):
        Registry(secured.name, secured.url, ssl.create_default_context()).ask("GET", "/subjects")
