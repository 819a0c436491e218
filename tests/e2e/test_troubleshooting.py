"""docs/troubleshooting.md: the faults of its two longest tables, provoked; what is seen is what the page quotes."""

import http.client
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from broker.ports import LOOPBACK, free_port
from schemas.event import MEDIA_TYPE_V2
from tests.kit import Process, Receiver, eventually
from tests.kit.authority import authority
from tests.kit.bridge import Installation, endpoint
from tests.kit.exchange import Answer
from tests.kit.notifications import envelopes
from tests.kit.paths import DOCS

pytestmark = pytest.mark.kafka

PAGE = (DOCS / "troubleshooting.md").read_text("utf-8")
TOKEN = "Bearer right"
GOOD = {"Authorization": TOKEN, "Content-Type": MEDIA_TYPE_V2}
REFUSED: tuple[tuple[str, str, bytes, Mapping[str, str]], ...] = (
    ("POST", "/events", b"{}", {"Authorization": "Bearer wrong"}),
    ("POST", "/evnts", b"{}", {}),
    ("GET", "/events", b"", {}),
    ("POST", "/events", b"not json", {}),
    ("POST", "/events", b" " * (8 * 1024 * 1024 + 1), {}),
    ("POST", "/events", b"{}", {"Content-Type": "text/plain"}),
)


def table(heading: str) -> list[list[str]]:
    """The cells of each row of the first table below a heading of the page."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.search(r"^\|---.*\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert rows is not None
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split(" | ")] for line in rows[1].splitlines()]


def without_times(text: str) -> str:
    """A text in which each wait is 0 and each port is 1: what differs from run to run."""
    return re.sub(r":\d{4,5}\b", ":1", re.sub(r"\b(in|for) (\d+m)?\d+ ?s\b", r"\1 0 s", text))


def post(address: str, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send what is to be refused; the log says why."""
    connection = http.client.HTTPConnection(address)
    connection.request(method, path, body, {**GOOD, **headers})
    assert connection.getresponse().status >= 400
    connection.close()


def speak_tls(address: str) -> None:
    """Begin a handshake."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port))) as connection, pytest.raises((ssl.SSLError, ConnectionError)):
        ssl.create_default_context().wrap_socket(connection, server_hostname="intake")


def refusals(intake: Process) -> list[tuple[str, str]]:
    """What the log says of refused POSTs: status and reason, and the error."""
    lines = [line for line in intake.log() if line["event"] == "intake.refused"]
    return [(f"{line['status']} {line['reason']}", line["error"]) for line in lines]


def test_why_the_intake_refuses(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Each row of the table is a line of the log: its status, reason and error."""
    intake = {"authorization": TOKEN}
    plain = Installation(kafka.bootstrap, topic, tmp_path, sections={"intake": intake})
    tls = authority(tmp_path).listener(tmp_path)
    secure = Installation(kafka.bootstrap, topic, tmp_path, sections={"intake": {**intake, "tls": tls}})
    shown = {what: error for what, error, _ in table("The intake refuses a registry's POSTs")}
    with plain.bridge() as bridge, secure.bridge(name="secure") as behind_tls:
        bridge.wait_ready()
        for refused in REFUSED:
            post(bridge.address, *refused)
        speak_tls(bridge.address)
        post(behind_tls.address, "POST", "/events", b"{}", {})
        seen = eventually(lambda: all_of(refusals(bridge) + refusals(behind_tls), len(shown)))
    assert sorted(shown) == sorted(what for what, _ in seen)
    assert [what for what, error in seen if shown[what] not in error] == []


def all_of(seen: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """What was seen, if it is so much."""
    assert len(seen) == count
    return seen


def assert_says(process: Process, event: str, reason: str) -> None:
    """One of its log's lines gives this reason: where Kafka's client is slower than the first try, a later one."""
    process.wait_for_log(event)
    eventually(lambda: reason in {without_times(line["reason"]) for line in process.log() if line["event"] == event})


def test_why_nothing_starts_without_kafka(topic: str, tmp_path: Path) -> None:
    """Each row of the table that is about a start is what the log says, and `/readyz` with it."""
    setup = Installation(f"{LOOPBACK}:{free_port()}", topic, tmp_path, endpoints=[endpoint("ci", "http://ci.invalid/")])
    rows = dict(table("Kafka does not answer"))
    with setup.bridge() as bridge, setup.worker() as worker:
        shown = re.search(r"reaching Kafka .*", rows["the intake, since its start"])
        assert shown is not None
        for process, event in ((bridge, "bridge.not_prepared"), (worker, "deliver.waiting")):
            assert_says(process, event, without_times(shown[0]))
            assert event in "".join(rows.values())


def faulty(stack: ExitStack, folder: Path) -> Iterator[dict[str, Any]]:
    """An endpoint for each row of the table."""
    trusted = authority(folder)
    tls = {"ca": str(trusted.file)}

    def url(answer: Answer, context: ssl.SSLContext | None = None) -> str:
        return stack.enter_context(Receiver(answer, tls=context)).url

    yield endpoint("gone", f"http://{LOOPBACK}:{free_port()}/")
    yield endpoint("unnamed", "http://ci.invalid/")
    yield endpoint("slow", url(Answer(delay=30)))
    for status in (301, 401, 404, 500):
        yield endpoint(f"status {status}", url(Answer(status=status)))
    yield endpoint("expired", url(Answer(), trusted.server(expired=True)), tls=tls)
    yield endpoint("unknown", url(Answer(), trusted.server()))
    yield endpoint("misnamed", url(Answer(), trusted.server("other.example.com")), tls=tls)
    yield endpoint("plain", url(Answer()).replace("http:", "https:"))
    yield endpoint("metadata", "http://169.254.169.254/")
    yield endpoint("denied", "http://10.1.2.3/")
    yield endpoint("throttled", url(Answer(status=429, headers=[("Retry-After", "600")])))


def test_why_an_endpoint_gets_nothing(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """`status` shows each row of the table, and no reason that the table has not."""
    with ExitStack() as stack:
        patient = {"threshold": 1, "backoff": "60s", "max_backoff": "60s"}
        ends = [
            one | patient | {"timeout": "500ms" if one["name"] == "slow" else "30s"} for one in faulty(stack, tmp_path)
        ]
        setup = Installation(
            kafka.bootstrap,
            topic,
            tmp_path,
            partitions=1,
            endpoints=ends,
            sections={"worker": {"listen": f"{LOOPBACK}:{free_port()}", "deny_networks": ["10.0.0.0/8"]}},
        )
        setup.publish(*envelopes(1, 1))
        shown = [without_times(reason) for reason, _ in table("An endpoint gets nothing")]
        assert len(shown) == len(ends)
        with setup.worker() as worker:
            worker.wait_ready()

            def all_are_seen() -> bool:
                seen = without_times(setup.run_worker("status").stdout)
                assert [reason for reason in shown if reason not in seen] == []
                return True

            assert eventually(all_are_seen)
            assert {"delivery.failed", "breaker.open"} <= {line["event"] for line in worker.log()}
