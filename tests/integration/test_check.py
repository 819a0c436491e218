"""`registry-bridge init` and `check`: what they say, their exit codes, and that no secret is ever shown."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from broker import LocalKafka, free_port
from runtime.counts import counted
from tests.kit import Receiver
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.topics import make_topic

pytestmark = pytest.mark.kafka


def found(done: Finished, verdict: str) -> list[str]:
    """The texts of the findings of this verdict."""
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return [line[1] for line in lines if line[0] == verdict]


def test_init_says_what_is_there(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Init creates topics and cursors, says so in one line, and may be repeated."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    for _ in range(2):
        done = setup.run_bridge("init")
        assert (0, 1) == (done.code, len(done.stdout.splitlines()))
        assert all(word in done.stdout for word in (topic, "4 partitions", "ci"))


def test_check_of_a_sound_installation(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """All well: exit 0; a single broker is a warning, a difference from the registry a note, addresses are reached."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    missing = setup.run_bridge("check")
    assert 0 == missing.code
    assert 2 == sum("is missing" in text for text in found(missing, "warning"))
    assert setup.run_bridge("init").code == 0
    done = setup.run_bridge("check")
    assert (0, []) == (done.code, found(done, "wrong"))
    assert {f"topic {topic} is as configured", f"topic {topic}.dead is as configured"} <= set(found(done, "ok"))
    assert any("can be reached" in text for text in found(done, "ok"))
    assert 1 == sum("3xx" in text for text in found(done, "note"))
    (few,) = (text for text in found(done, "warning") if "copies" in text)
    assert few == "1 broker keeps fewer than 3 copies of an event: a lost disk can lose events"
    assert done.stdout.splitlines()[-1] == f"result  0 faults, {counted(len(found(done, 'warning')), 'warning')}"


def test_check_finds_what_is_wrong(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """A dead address, a compacted or too small topic are wrong: exit 1, each named; other differences are warnings."""
    settings = {"cleanup_policy": "compact", "max_message_bytes": "1000", "retention_ms": "1000"}
    make_topic(kafka, topic, 2, **settings)
    setup = Installation(
        kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", f"http://127.0.0.1:{free_port()}/")]
    )
    done = setup.run_bridge("check")
    wrong, warnings = "\n".join(found(done, "wrong")), "\n".join(found(done, "warning"))
    assert 1 == done.code
    assert done.stdout.splitlines()[-1].startswith(f"result  {len(found(done, 'wrong'))} faults, ")
    assert all(word in wrong for word in ("endpoint ci", "cleanup.policy", "max.message.bytes"))
    assert all(word in warnings for word in ("2 partitions", "retention.ms"))


def test_kafka_away(topic: str, tmp_path: Path) -> None:
    """Without a Kafka each command ends with exit 1 and says in one line where it looked."""
    address = f"127.0.0.1:{free_port()}"

    def run(command: str) -> Finished:
        return Installation(address, topic, tmp_path / command).run_bridge(command)

    with ThreadPoolExecutor(3) as pool:  # each waits 10 s for an answer
        for done in pool.map(run, ("init", "check", "publish")):
            lines = [line for line in (done.stdout + done.stderr).splitlines() if address in line]
            assert (1, 1) == (done.code, len(lines))


def test_no_secret_is_shown(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Tokens, header values, user info and query of URLs stand in no output of any command, right or wrong."""
    url = receiver.url.replace("//", "//bob:pa55word@") + "/hook?sig=qu3ry"
    good = Installation(
        kafka.bootstrap,
        topic,
        tmp_path,
        endpoints=[endpoint("ci", url, headers={"Authorization": "Bearer t0ken"})],
        sections={"intake": {"authorization": "Bearer int4ke"}},
    )
    bad = Installation(
        kafka.bootstrap,
        topic,
        tmp_path,
        endpoints=[endpoint("ci", url.replace("http", "gopher"), headers={"Bad Name": "t0ken"})],
        sections={"intake": {"authorization": " int4ke"}, "kafka": {"sasl.password": "pa55word", "acks": "0"}},
    )
    outputs = []
    for setup, code in ((good, 0), (bad, 2)):
        for command in ("init", "check", "publish"):
            done = setup.run_bridge(command)
            assert code == done.code, done.stderr
            outputs.append(done.stdout + done.stderr)
    shown = "".join(outputs)
    assert not [secret for secret in ("pa55word", "qu3ry", "t0ken", "int4ke") if secret in shown]


def test_every_fault_is_one_line(topic: str, tmp_path: Path) -> None:
    """A configuration with several faults is exit 2 with a line for each, naming its path, before Kafka is asked."""
    setup = Installation(
        "127.0.0.1:1",
        topic,
        tmp_path,
        endpoints=[endpoint("ci", "http://127.0.0.1:9/", timeout=5000000000, maxretries=3)],
        sections={"topics": {"partitions": 0}, "intake": {"listen": "0.0.0.0:0"}, "unknown": {"a": 1}},
    )
    done = setup.run_bridge("check")
    assert (2, "") == (done.code, done.stdout)
    for path in ("topics.partitions", "intake.listen", "unknown", "endpoints[0].timeout", "endpoints[0].maxretries"):
        assert 1 == sum(path in line for line in done.stderr.splitlines()), done.stderr
