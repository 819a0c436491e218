"""The client of a schema registry, against the tests' stub: what it asks, understands and says of every trouble."""

import asyncio
import json
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from broker import free_port
from runtime.config import Secret, TLSSettings
from runtime.config.settings import SchemaRegistrySettings
from runtime.http.client import VERSION, ClientSettingsError
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRefusedError, SchemaRegistry, SchemaRegistryUnavailableError
from tests.kit.authority import Authority, authority, self_signed
from tests.kit.exchange import Answer
from tests.kit.receiver import Receiver
from tests.kit.schema_registry import RestError, basic, incompatible, invalid_schema, schema_not_found, unavailable
from tests.kit.schema_registry import SchemaRegistry as Stub

SUBJECT = "registry.events-value"
SCHEMA = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}'
CLASHING = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}'
USER, PASSWORD, TOKEN = "bob", "s3cret", "t0ken"
SECRETS = (USER, PASSWORD, TOKEN, basic(USER, PASSWORD).removeprefix("Basic "))
LIMIT_S = 60.0
HURRY_S = 0.3
"""The limit where its end is what a test waits for; elsewhere a busy machine is no fault."""

Question = Callable[[SchemaRegistry], object]
QUESTIONS: dict[str, Question] = {
    "find": lambda client: client.find(SUBJECT, SCHEMA),
    "register": lambda client: client.register(SUBJECT, SCHEMA),
    "schema": lambda client: client.schema(1),
    "compatibility": lambda client: client.compatibility(SUBJECT),
    "set_compatibility": lambda client: client.set_compatibility(SUBJECT, FULL_TRANSITIVE),
}


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


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority."""
    return authority(tmp_path_factory.mktemp("known"))


def client_of(
    url: str, *, authorization: str | None = None, tls: TLSSettings | None = None, limit_s: float = LIMIT_S
) -> SchemaRegistry:
    """A client that waits no longer for an answer than a test can."""
    secret = Secret(authorization) if authorization is not None else None
    settings = SchemaRegistrySettings(url=url, authorization=secret, tls=tls or TLSSettings())
    return SchemaRegistry(settings, program="registry-bridge", limit_s=limit_s)


def url_with_user(url: str) -> str:
    """The URL, with a user in it."""
    return url.replace("//", f"//{USER}:{PASSWORD}@")


def trouble(client: SchemaRegistry, question: Question) -> str:
    """What is said of the trouble after whose it is: one line, with no secret in it or in its traceback."""
    with pytest.raises(SchemaRegistryUnavailableError) as raised:
        question(client)
    told = str(raised.value)
    assert 1 == len(told.splitlines())
    shown = told + repr(raised.value) + "".join(traceback.format_exception(raised.value))
    assert [] == [secret for secret in SECRETS if secret in shown]
    assert told.startswith(f"schema registry {client.safe_url} "), told
    return told.removeprefix(f"schema registry {client.safe_url} ")


def troubles(client: SchemaRegistry) -> set[str]:
    """What is said of the trouble when each question is asked."""
    return {trouble(client, question) for question in QUESTIONS.values()}


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
        (500, "it is in trouble"),
        (503, "it is in trouble"),
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
    assert "answers 503: it is in trouble" == trouble(client, QUESTIONS["register"])
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


# Who we are, and whom we trust.


@pytest.mark.parametrize(("user", "password"), [("bob", "s3cret"), ("b:b@home", "p@ss:/?#%25 wörd"), ("bob", "")])
def test_the_user_in_the_url_is_basic_authorization(user: str, password: str) -> None:
    """Percent-encoded in the URL, as itself in the header; shown to nobody."""
    with Stub(authorization=basic(user, password)) as stub:
        client = client_of(stub.url.replace("//", f"//{quote(user, safe='')}:{quote(password, safe='')}@"))
        assert 1 == client.register(SUBJECT, SCHEMA)
        assert stub.url.replace("//", "//***@") == client.safe_url


def test_the_configured_authorization_is_sent_as_it_is() -> None:
    """With every question; it goes over a user in the URL, and only one is sent."""
    with Stub(authorization=f"Bearer {TOKEN}") as stub:
        client = client_of(url_with_user(stub.url), authorization=f"Bearer {TOKEN}")
        assert 1 == client.register(SUBJECT, SCHEMA)
        client.set_compatibility(SUBJECT, FULL_TRANSITIVE)
        found = (client.find(SUBJECT, SCHEMA), client.schema(1) is not None, client.compatibility(SUBJECT))
        assert (1, True, FULL_TRANSITIVE) == found


@pytest.mark.parametrize("authorization", [None, f"Bearer {TOKEN}-but-wrong"])
def test_a_wrong_authorization(authorization: str | None) -> None:
    """Missing or wrong is 401, with a hint and without what was sent."""
    with Stub(authorization=basic(USER, PASSWORD)) as stub:
        [told] = troubles(client_of(stub.url, authorization=authorization))
    assert told.startswith("answers 401: set schema_registry.authorization")


def test_no_authorization_goes_to_whom_it_is_not_for(stub: Stub) -> None:
    """Without any, none is sent."""
    client_of(stub.url).register(SUBJECT, SCHEMA)
    assert stub.requests[0].header("authorization") is None


def test_tls_with_an_authority_of_ones_own(known: Authority) -> None:
    """`tls.ca` is trusted."""
    with Stub(tls=known.server()) as stub:
        assert 1 == client_of(stub.url, tls=TLSSettings(ca=known.file)).register(SUBJECT, SCHEMA)


def test_tls_of_an_authority_that_nobody_knows(known: Authority) -> None:
    """It is not trusted, and that is what is said; with `verify: false` it is."""
    with Stub(tls=known.server()) as stub:
        [told] = troubles(client_of(url_with_user(stub.url)))
        assert told.startswith("cannot be reached: the server's certificate is signed by an unknown authority")
        assert [] == stub.requests
        assert 1 == client_of(stub.url, tls=TLSSettings(verify=False)).register(SUBJECT, SCHEMA)


def test_tls_for_another_name(known: Authority) -> None:
    """A certificate of a trusted authority for somebody else is not enough."""
    with Stub(tls=known.server("registry.example.com")) as stub:
        told = trouble(client_of(stub.url, tls=TLSSettings(ca=known.file)), QUESTIONS["find"])
    assert "certificate is not valid for the name 127.0.0.1" in told


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate(known: Authority, tmp_path: Path, version: ssl.TLSVersion) -> None:
    """A registry that asks for one gets it; without, the connection breaks."""
    context = known.server()
    context.verify_mode = ssl.CERT_REQUIRED
    known.ca.configure_trust(context)
    context.minimum_version = context.maximum_version = version
    with Stub(tls=context) as stub:
        assert 1 == client_of(stub.url, tls=known.client(tmp_path)).register(SUBJECT, SCHEMA)
        without = client_of(stub.url, tls=TLSSettings(ca=known.file))
        assert trouble(without, QUESTIONS["find"]).startswith("cannot be reached: ")
        assert 1 == len(stub.requests)


def test_tls_where_there_is_none(stub: Stub) -> None:
    """A URL of https where only http is spoken is trouble like any other."""
    told = trouble(client_of(stub.url.replace("http", "https")), QUESTIONS["find"])
    assert told.startswith("cannot be reached: ")


@pytest.mark.parametrize("name", ["ca", "cert"])
def test_certificates_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    """Said when the client is made, with the key and the file, never its content."""
    file, key = tmp_path / "file.pem", tmp_path / "file.key"
    file.write_text(PASSWORD)
    key.write_text(PASSWORD)
    tls = TLSSettings(ca=file) if name == "ca" else TLSSettings(cert=file, key=key)
    with pytest.raises(ClientSettingsError, match=rf"^schema_registry: tls\.{name} .*{file} holds no") as raised:
        client_of("http://127.0.0.1:1", tls=tls)
    assert 2 == raised.value.exit_code
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://bob:s3cret@127.0.0.1",
        "http://bob:s3cret@127.0.0.1?key=t0ken",
        "http://bob:s3cret@127.0.0.1/#t0ken",
        "bob:s3cret@127.0.0.1",
        "http://bob:s3cret@[::1",
        "http://bob:s3cret@two words/",
        "",
    ],
)
def test_urls_that_are_no_root(url: str) -> None:
    """Settings that are made in Python, past the configuration's checks, are refused by the key and without secrets."""
    with pytest.raises(ClientSettingsError, match=r"^schema_registry: url ") as raised:
        client_of(url)
    shown = "".join(traceback.format_exception(raised.value))
    assert [] == [secret for secret in SECRETS if secret in str(raised.value)], shown
    assert 1 == len(str(raised.value).splitlines())


def test_proxies_of_the_environment_are_ignored(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry is asked where it is configured to be, whatever the environment says."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for spelt in (name, name.lower()):
            monkeypatch.setenv(spelt, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert 1 == client_of(stub.url).register(SUBJECT, SCHEMA)


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """One that `openssl req -x509` makes is trusted if `tls.ca` names it, also from a thread that runs a loop."""
    cert, context = self_signed(tmp_path)
    with Stub(tls=context) as stub:
        url = stub.url.replace("127.0.0.1", "localhost")
        client = client_of(url, tls=TLSSettings(ca=cert))

        async def asked() -> int:
            return client.register(SUBJECT, SCHEMA)

        assert 1 == client.register(SUBJECT, SCHEMA)
        assert 1 == asyncio.run(asked())
        told = trouble(client_of(url), QUESTIONS["find"])

    assert "self-signed and not trusted: name its file in tls.ca" in told


def test_a_self_signed_certificate_for_another_name(tmp_path: Path) -> None:
    """It is none for this server."""
    cert, context = self_signed(tmp_path, name="other.example.com")
    with Stub(tls=context) as stub:
        told = trouble(client_of(stub.url, tls=TLSSettings(ca=cert)), QUESTIONS["find"])

    assert told == "cannot be reached: the server's certificate is not valid for the name 127.0.0.1"
