"""A Kafka with passwords and rights: those of docs/kafka.md are enough; faults are named, and no secret is."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from broker import free_port
from runtime.kafka.group_protocol import ProtocolSupport, ask
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import Poster, envelopes, ids, wait_for_ids
from tests.kit.secured_kafka import Right, SecuredKafka
from tests.kit.waiting import waiting_reasons

pytestmark = pytest.mark.kafka

READ, WRITE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE
CONFIGS = AclOperation.DESCRIBE_CONFIGS


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """One for this file."""
    with SecuredKafka(tmp_path_factory.mktemp("secured")) as running:
        yield running


def test_the_documented_rights_of_a_worker_are_enough(
    secured: SecuredKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """It asks for the group protocol by a group that it may read, and delivers; it may read no broker's settings."""
    ends = [endpoint("ci", receiver.url)]
    worker_section = {"attempts": {"topic": f"{topic}.attempts"}}
    root = Installation(
        secured.bootstrap, topic, tmp_path / "root", endpoints=ends, sections={"worker": worker_section}
    )
    assert 0 == root.run_bridge("init").code
    secured.allow(
        "worker",
        Right(ResourceType.TOPIC, topic, (DESCRIBE, CONFIGS, READ)),
        Right(ResourceType.TOPIC, f"{topic}.dead", (AclOperation.CREATE, DESCRIBE, CONFIGS, WRITE)),
        Right(ResourceType.TOPIC, f"{topic}.control", (AclOperation.CREATE, DESCRIBE, READ, WRITE)),
        Right(ResourceType.TOPIC, f"{topic}.attempts", (AclOperation.CREATE, DESCRIBE, WRITE)),
        Right(ResourceType.GROUP, f"{topic}.*", (DESCRIBE, READ)),
    )
    sections: dict[str, dict[str, Any]] = {"kafka": secured.as_user("worker"), "worker": worker_section}
    installed = Installation(secured.sasl, topic, tmp_path, endpoints=ends, sections=sections)
    bodies = envelopes(1, 5)
    root.publish(*bodies)
    with installed.worker() as worker:
        worker.wait_ready()
        wait_for_ids(receiver, ids(bodies))
        assert "consumer" == worker.wait_for_log("kafka.group_protocol")["protocol"]
        assert "cannot be known" in worker.wait_for_log("deliver.cursors_at_risk")["reason"]
        assert not [line for line in worker.log() if line["event"] == "attempts.no_topic"]
        for act in ("pause", "resume"):
            done = installed.run_worker(act, "--endpoint", "ci", "--worker", worker.address)
            assert (0, "") == (done.code, done.stderr)
        assert 0 == worker.terminate()


def test_the_documented_rights_of_an_intake_are_enough(secured: SecuredKafka, topic: str, tmp_path: Path) -> None:
    """To create the topics, and to find them at the next start."""
    secured.allow(
        "intake",
        Right(ResourceType.TOPIC, topic, (AclOperation.CREATE, DESCRIBE, CONFIGS, WRITE, READ)),
        Right(ResourceType.TOPIC, f"{topic}.dead", (AclOperation.CREATE, DESCRIBE, CONFIGS)),
        Right(ResourceType.TOPIC, f"{topic}.control", (AclOperation.CREATE, DESCRIBE)),
        Right(ResourceType.GROUP, f"{topic}.*", (DESCRIBE, READ)),
    )
    section = {"kafka": secured.as_user("intake")}
    ends = [endpoint("ci", "http://127.0.0.1:9/")]
    setup = Installation(secured.sasl, topic, tmp_path, endpoints=ends, sections=section)
    for _ in range(2):
        done = setup.run_bridge("init")
        assert 0 == done.code, done.stderr
    with setup.bridge() as bridge:
        bridge.wait_ready()
        with Poster(f"http://{bridge.address}/events") as registry:
            assert 200 == registry.insist(envelopes(1, 1)[0]).status


def test_check_says_what_it_may_not_ask(secured: SecuredKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Without a right to the groups it cannot tell the protocol, which is a warning."""
    ends = [endpoint("ci", receiver.url)]
    assert 0 == Installation(secured.bootstrap, topic, tmp_path / "root", endpoints=ends).run_bridge("init").code
    secured.allow(
        "checker",
        Right(ResourceType.TOPIC, f"{topic}*", (DESCRIBE, CONFIGS)),
        Right(ResourceType.BROKER, "kafka-cluster", (CONFIGS,)),
    )
    section = {"kafka": secured.as_user("checker")}
    done = Installation(secured.sasl, topic, tmp_path, endpoints=ends, sections=section).run_bridge("check")
    assert 0 == done.code, done.stdout
    assert "the cluster does not say whether it supports the protocol consumer" in done.stdout


def test_the_protocol_is_asked_for_in_a_group_of_its_own(secured: SecuredKafka, topic: str, tmp_path: Path) -> None:
    """Whoever may read the endpoint's group alone may not ask: so the one that asks can never become its member."""
    assert 0 == Installation(secured.bootstrap, topic, tmp_path, endpoints=[]).run_bridge("init").code
    secured.allow("asker", Right(ResourceType.TOPIC, topic, (DESCRIBE,)), Right(ResourceType.GROUP, topic, (READ,)))
    settings = secured.as_user("asker")
    assert ProtocolSupport.REFUSED is ask(settings, client_id="test", group=topic, topic=topic)
    secured.allow("asker", Right(ResourceType.GROUP, f"{topic}*", (READ,)))
    eventually(lambda: ask(settings, client_id="test", group=topic, topic=topic) is ProtocolSupport.TAKES_PART)


def test_a_worker_that_cannot_prepare_says_so_once(
    secured: SecuredKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """Though it tries every second; and goes on when it is given what it lacks."""
    ends = [endpoint("ci", receiver.url)]
    root = Installation(secured.bootstrap, topic, tmp_path / "root", endpoints=ends)
    assert 0 == root.run_bridge("init").code
    secured.allow(
        "starter",
        Right(ResourceType.TOPIC, f"{topic}*", (DESCRIBE, CONFIGS, READ, WRITE)),
        Right(ResourceType.BROKER, "kafka-cluster", (CONFIGS,)),
    )
    section = {"kafka": secured.as_user("starter")}
    installed = Installation(secured.sasl, topic, tmp_path, endpoints=ends, sections=section)
    with installed.worker("--log-level", "debug") as worker:
        assert "GROUP_AUTHORIZATION_FAILED" in eventually(lambda: waiting_reasons(worker))[0]
        eventually(lambda: attempts(worker) >= 2)
        secured.allow("starter", Right(ResourceType.GROUP, f"{topic}.*", (DESCRIBE, READ)))
        worker.wait_ready()
        said = [line["event"] for line in worker.log()]
        assert (1, 1) == (said.count("topics.single_copy"), len(waiting_reasons(worker)))


def attempts(worker: Process) -> int:
    """How often it has tried to prepare, by what it says of it when it is asked to say all."""
    return sum(line["event"] == "deliver.preparing" for line in worker.log())


NO_CAUSE = re.compile(r"no answer (within \d+ s|in time)|no acknowledgement within \d+ s(?! \()")
"""Said instead of a cause, if librdkafka has not come to one within the time of a question: the machine is busy."""
TRIES = 3

COMMANDS = (
    ("bridge", ("init",)),
    ("bridge", ("check",)),
    ("bridge", ("publish", "examples/events.jsonl")),
    ("worker", ("status",)),
    ("worker", ("tail",)),
    ("worker", ("replay", "--endpoint", "ci", "--from", "beginning")),
    ("worker", ("rewind", "--endpoint", "ci", "--to", "beginning")),
    ("worker", ("dead-letters", "list")),
    ("worker", ("explain", "0:0")),
)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("refused", "failed: Connection refused"),
        ("host", "Failed to resolve 'no-such-host.invalid"),
        ("tls", "connecting to a PLAINTEXT broker listener?"),
        ("password", "Authentication failed"),
    ],
)
def test_every_command_names_the_cause(
    secured: SecuredKafka, topic: str, tmp_path: Path, fault: str, cause: str
) -> None:
    """Exit 1 and one line with librdkafka's own reason; the password stands nowhere."""
    wrong = "wr0ng-pa55word"
    sections = {
        "refused": {"bootstrap.servers": f"127.0.0.1:{free_port()}"},
        "host": {"bootstrap.servers": "no-such-host.invalid:9092"},
        "tls": {"bootstrap.servers": secured.bootstrap, "security.protocol": "SSL"},
        "password": secured.as_user("worker", wrong),
    }

    def run(command: tuple[str, tuple[str, ...]]) -> Finished:
        program, arguments = command
        folder = tmp_path / arguments[0]
        setup = Installation(
            secured.bootstrap,
            topic,
            folder,
            endpoints=[endpoint("ci", "http://127.0.0.1:9/")],
            sections={"kafka": sections[fault]},
        )
        ask = setup.run_bridge if program == "bridge" else setup.run_worker
        done = ask(*arguments)
        for _ in range(TRIES):
            if NO_CAUSE.search(done.stdout + done.stderr):
                done = ask(*arguments)
        return done

    commands = COMMANDS if fault == "refused" else COMMANDS[1:4:2]  # each waits 10 s for an answer
    with ThreadPoolExecutor(5) as pool:
        for command, done in zip(commands, pool.map(run, commands), strict=True):
            said = done.stdout + done.stderr
            assert (1, 1) == (done.code, sum(cause in line for line in said.splitlines())), (command, said)
            assert wrong not in said
