"""The schema routes, as clients of a Confluent schema registry ask them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from broker import LocalKafka
from schemas.avro import decode, unframe
from schemas.catalog import ATTEMPTS, CATALOG, TAGS, Catalog
from tests.kit.bridge import Installation
from tests.kit.notifications import Poster, envelope, event_json
from tests.kit.topics import read

pytestmark = pytest.mark.kafka

TOPIC = "test-schema-routes"
SUBJECT = f"{TOPIC}-value"
ATTEMPTS_TOPIC = f"{TOPIC}.attempts"
TAGS_TOPIC = f"{TOPIC}.tags"


@pytest.fixture(scope="module")
def client(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poster]:
    """A client of a running bridge."""
    attempts, topics = {"attempts": {"topic": ATTEMPTS_TOPIC}}, {"tags": TAGS_TOPIC}
    sections: dict[str, dict[str, Any]] = {"worker": attempts, "topics": topics}
    setup = Installation(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("schemas"), sections=sections)
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        yield poster
        assert "Traceback" not in bridge.stderr


def test_a_record_leads_to_its_schema(client: Poster, kafka: LocalKafka) -> None:
    """The id in a record's framing finds the schema that its value is written with."""
    assert client.insist(envelope(event_json("schema/app", 0))).status == 200
    record = read(kafka, TOPIC)[0]
    assert record.value is not None
    schema_id, _ = unframe(record.value)
    reply = client.request("GET", f"/schemas/ids/{schema_id}")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    assert json.loads(reply.json["schema"]) == json.loads(CATALOG.latest.text)
    assert json.loads(client.request("GET", f"/schemas/ids/{schema_id}/schema").body)["name"] == "Event"
    assert decode(record.value, None).id == "schema-app-0"


def test_subject_and_versions(client: Poster) -> None:
    """The topic's subject lists its versions, and each version tells its id."""
    subjects = [f"{topic}-value" for topic in (TOPIC, ATTEMPTS_TOPIC, TAGS_TOPIC)]
    assert subjects == client.request("GET", "/subjects").json
    versions = [release.version for release in CATALOG.releases]
    assert versions == client.request("GET", f"/subjects/{SUBJECT}/versions").json
    latest = client.request("GET", f"/subjects/{SUBJECT}/versions/latest").json
    assert latest == client.request("GET", f"/subjects/{SUBJECT}/versions/{versions[-1]}").json
    assert (SUBJECT, CATALOG.latest.id) == (latest["subject"], latest["id"])


@pytest.mark.parametrize(("topic", "catalog"), [(ATTEMPTS_TOPIC, ATTEMPTS), (TAGS_TOPIC, TAGS)])
def test_the_schemas_of_attempts_and_tags(client: Poster, topic: str, catalog: Catalog) -> None:
    """By their pinned ids, and under the subjects of their topics."""
    by_id = client.request("GET", f"/schemas/ids/{catalog.latest.id}").json
    assert json.loads(by_id["schema"]) == json.loads(catalog.latest.text)
    latest = client.request("GET", f"/subjects/{topic}-value/versions/latest").json
    assert (catalog.latest.id, catalog.latest.version) == (latest["id"], latest["version"])
    assert [1] == client.request("GET", f"/subjects/{topic}-value/versions").json


def test_apicurios_way(client: Poster) -> None:
    """Clients of Apicurio Registry find a schema by the same id, and that it needs no other."""
    path = f"/apis/registry/v2/ids/contentIds/{CATALOG.latest.id}"
    assert json.loads(CATALOG.latest.text) == client.request("GET", path).json
    assert [] == client.request("GET", f"{path}/references").json


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/apis/registry/v2/ids/contentIds/1", 404, 404),
        ("/schemas/ids/1", 404, 40403),
        ("/schemas/ids/9999999999", 404, 40403),
        ("/subjects/other-value/versions", 404, 40401),
        ("/subjects/other-value/versions/1", 404, 40401),
        (f"/subjects/{SUBJECT}/versions/99", 404, 40402),
        (f"/subjects/{SUBJECT}/versions/zero", 422, 42202),
    ],
)
def test_errors_carry_confluent_codes(client: Poster, path: str, status: int, code: int) -> None:
    """What is not there is said with the codes that Confluent's clients look at, and Apicurio's."""
    reply = client.request("GET", path)
    assert (status, code) == (reply.status, reply.json["error_code"])
    assert reply.json["message"]


def test_nothing_can_be_written(client: Poster) -> None:
    """The routes are read-only."""
    assert client.request("POST", f"/subjects/{SUBJECT}/versions", b"{}").status == 405
    assert client.request("DELETE", f"/subjects/{SUBJECT}").status in {404, 405}
