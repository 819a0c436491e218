"""Endpoints named as registries' files name them, on a real Kafka: wherever a name goes, it comes back whole."""

import json
import urllib.request
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import Answer, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import delivered, envelopes
from tests.kit.topics import committed

pytestmark = pytest.mark.kafka

NAMES = ["my listener", "local/5003", 'say "hi" \\o/', "Ü-日本 🚀"]


def installation(kafka: LocalKafka, topic: str, folder: Path, receiver: Receiver, protocol: str) -> Installation:
    """Two events in one partition; endpoints of these names, which refuse the second."""
    receiver.answer_by(lambda request: Answer(400) if b"team/app1" in request.body else Answer(200))
    setup = Installation(
        kafka.bootstrap,
        topic,
        folder,
        partitions=1,
        endpoints=[endpoint(name, receiver.url, start="beginning", attempts=1) for name in NAMES],
        sections={"worker": {"listen": f"127.0.0.1:{free_port()}"}, "kafka": {"group.protocol": protocol}},
    )
    setup.publish(*envelopes(2, 1))
    return setup


@pytest.mark.parametrize("protocol", ["consumer", "classic"])
def test_a_name_is_served_under_either_protocol(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, protocol: str
) -> None:
    """Consumer group, client id, metrics and pages of each name; dead letters keep it."""
    setup = installation(kafka, topic, tmp_path, receiver, protocol)
    with setup.worker() as worker:
        eventually(lambda: all(committed(kafka, setup.group(name), topic, 1) == {0: 2} for name in NAMES))
        shown, metrics = (fetched(f"http://{worker.address}{path}") for path in ("/", "/metrics"))
    assert "my listener" in shown
    assert 'endpoint="local/5003"' in metrics
    assert len(delivered(receiver)) == len(NAMES)
    done = setup.run_worker("dead-letters", "list", "--json")
    assert {json.loads(line)["endpoint"] for line in done.stdout.splitlines()} == set(NAMES)


def test_a_name_is_taken_by_the_commands(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Whatever takes or shows an endpoint's name, a replay's plan included."""
    setup = installation(kafka, topic, tmp_path, receiver, "consumer")
    name = NAMES[-1]
    caught_up = setup.run_worker("deliver", "--endpoint", name, "--until-caught-up", "--timeout", "120s")
    assert caught_up.code == 0, caught_up.stderr
    replayed = setup.run_worker("replay", "--endpoint", name, "--from", "beginning", "--repository", "team/app0")
    assert (replayed.code, f"{name}: 1 delivered" in replayed.stdout) == (0, True), replayed.stderr
    rewound = setup.run_worker("rewind", "--endpoint", name, "--to", "beginning", "--dry-run")
    assert (rewound.code, name in rewound.stdout) == (0, True), rewound.stderr
    assert name in setup.run_worker("explain", "0:0").stdout
    rows = json.loads(setup.run_worker("status", "--json").stdout)
    assert [row["endpoint"] for row in rows] == NAMES


def fetched(url: str) -> str:
    """The text at an address of the worker."""
    with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
        return str(answer.read().decode())
