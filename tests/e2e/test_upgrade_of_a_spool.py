"""A spool that intakes of both sides of a schema release find one after the other, as processes, on a real Kafka."""

from pathlib import Path

import pytest

from broker import LocalKafka
from schemas.avro import unframe
from schemas.catalog import CATALOG
from tests.kit import eventually
from tests.kit.bridge import Installation
from tests.kit.notifications import Poster, envelope, event_json
from tests.kit.previous_version import make_previous_version
from tests.kit.process import Process
from tests.kit.topics import read

pytestmark = pytest.mark.kafka

EARLIER, NEWEST = CATALOG.releases[-2:]


def post(bridge: Process, number: int) -> None:
    """One event; it is answered 200."""
    with Poster(f"http://{bridge.address}/events") as poster:
        assert 200 == poster.insist(envelope(event_json("team/app", number))).status


def left(bridge: Process) -> object:
    """How many events the spool holds; None while that is not known."""
    with Poster(f"http://{bridge.address}/") as poster:
        return poster.request("GET", "/spool").json["events"]


def test_a_spool_changes_hands(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """A new intake forwards what an old one left; an old one waits before what a new one left, and names the release.

    Each event keeps the release that it was written with, and its place.
    """
    old = make_previous_version(tmp_path / "old")
    sections = {"intake": {"spool": {"dir": str(tmp_path / "spool")}}}
    setup = Installation(broker.bootstrap, topic, tmp_path, sections=sections)
    broker.kill()
    with setup.bridge(name="old0", environment=old) as bridge:
        bridge.wait_ready()
        post(bridge, 0)
        assert 0 == bridge.terminate()
    with setup.bridge(name="new1") as bridge:
        bridge.wait_ready()
        post(bridge, 1)
        assert 0 == bridge.terminate()
    broker.start()
    with setup.bridge(name="old2", environment=old) as bridge:
        refused = bridge.wait_for_log("spool.refused")
        assert f"event 2 of the spool has release {NEWEST.version} of the schema" in refused["reason"]
        post(bridge, 2)
        with Poster(f"http://{bridge.address}/") as poster:
            reply = poster.request("GET", "/readyz")
        assert 503 == reply.status
        assert any("upgrade it" in reason for reason in reply.json["reasons"]), reply.json
        eventually(lambda: 2 == left(bridge))
        assert 0 == bridge.terminate()
    with setup.bridge(name="new3") as bridge:
        eventually(lambda: left(bridge) == 0)
        assert 0 == bridge.terminate()
    found = [
        (record.header("ce_id"), unframe(record.value or b"")[0], record.header("schema-fingerprint"))
        for record in read(broker, topic)
    ]
    of = {release.version: (release.id, release.fingerprint) for release in (EARLIER, NEWEST)}
    written = [EARLIER.version, NEWEST.version, EARLIER.version]
    assert [(f"team-app-{number}", *of[version]) for number, version in enumerate(written)] == found
