"""Hostile clients of a running intake, and of the worker's pages, on a real Kafka: what the others notice of them.

Whatever is sent, memory stays below 256 MiB, and small POSTs and `/livez` are answered after a second of work.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from broker import LocalKafka
from tests.kit.attacks import HEADS, LARGEST, TOO_LARGE, ask_and_not_read, crowd, many_files, post, run, sent
from tests.kit.beside import Beside, resident_mib
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster
from tests.kit.process import Process

pytestmark = pytest.mark.kafka

EVERY = timedelta(seconds=10)
"""How often a line about closed connections comes, for each reason."""


@pytest.fixture(scope="module")
def control(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """An intake that nobody attacks."""
    with Installation(kafka.bootstrap, "test-hostile-control", tmp_path_factory.mktemp("control")).bridge() as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def bridge(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The intake that is attacked; nothing in it fails."""
    with Installation(kafka.bootstrap, "test-hostile", tmp_path_factory.mktemp("hostile")).bridge() as running:
        running.wait_ready()
        yield running
        assert "Traceback" not in running.stderr


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """For 2,500 connections."""
    with many_files():
        yield


@pytest.mark.parametrize("name", HEADS)
def test_what_has_no_end_is_cut_off(bridge: Process, control: Process, name: str) -> None:
    """Soon, and with next to no memory; the rest cannot even be sent."""
    first, repeated, times = HEADS[name]
    with Beside(bridge, control) as beside:
        for count, answer in run(*(sent(bridge, first, repeated, times) for _ in range(4))):
            assert count < times
            assert not answer or answer[9:12] in {b"431", b"400"}
    beside.assert_unharmed(grown_mib=16)


def test_the_pages_of_the_worker_are_guarded_too(
    kafka: LocalKafka, control: Process, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the same server; the body of a request that needs none is not read for ever either."""
    setup = Installation(
        kafka.bootstrap,
        "test-hostile-control",
        tmp_path_factory.mktemp("pages"),
        endpoints=[endpoint("ci", "http://127.0.0.1:1/", start="end")],
    )
    with setup.worker() as worker:
        worker.wait_for_log("listening")
        with Beside(worker, control, is_intake=False) as beside:
            for name in ("a header of 300 MiB", "40 MiB of small headers"):
                first, repeated, times = HEADS[name]
                for count, answer in run(*(sent(worker, first, repeated, times) for _ in range(4))):
                    assert count < times
                    assert not answer or answer[9:12] == b"431"
        beside.assert_unharmed(grown_mib=16)
        assert "Traceback" not in worker.stderr


def test_who_sends_nothing_more_keeps_nobody_waiting(bridge: Process, control: Process) -> None:
    """500 heads that drip, 16 bodies that stall, 2,000 silent connections: all are closed, and others are served.

    Large bodies too: the stalled ones give way.
    """
    with Beside(bridge, control) as beside:
        ended = crowd(bridge)
    assert 200 == ended[0]
    assert {b"", b"408"} >= {answer[9:12] for answer in ended[1:501]}
    assert {b"", b"408", b"503"} >= {answer[9:12] for answer in ended[501:517]}
    assert {b""} == {answer for _, answer in ended[517:]}
    beside.assert_unharmed()
    lines = [line for line in bridge.log() if line["event"] == "http.closed"]
    assert lines
    for reason in {line["reason"] for line in lines}:
        assert_told_seldom([datetime.fromisoformat(line["timestamp"]) for line in lines if line["reason"] == reason])
    assert sum(line["connections"] for line in lines) > 1000


def assert_told_seldom(times: list[datetime]) -> None:
    """One line every ten seconds, except that a line may be late."""
    assert len(times) - 2 <= (times[-1] - times[0]) / EVERY


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_whole(bridge: Process, control: Process, name: str) -> None:
    """With the limit; nothing of it is written, and nobody else is refused."""
    body, says = TOO_LARGE[name]
    with Beside(bridge, control) as beside, Poster(f"http://{bridge.address}/events") as poster:
        replies = [poster.post(body) for _ in range(2)]
    for reply in replies:
        assert 413 == reply.status
        assert says in reply.json["error"]
    beside.assert_unharmed()


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_are_taken_beside_others(bridge: Process, control: Process, name: str) -> None:
    """What costs most of what is within the limits; three at once of what takes most memory."""
    with Beside(bridge, control) as beside:
        statuses = run(*(post(bridge, LARGEST[name]) for _ in range(3 if name == "wide characters" else 1)))
    assert {200} == set(statuses)
    beside.assert_unharmed()


def test_answers_that_nobody_reads_are_not_kept(bridge: Process, control: Process) -> None:
    """10,000 requests at once on each of 20 connections, and their answers left unread."""
    begun = resident_mib(bridge)
    with Beside(bridge, control) as beside:
        run(*(ask_and_not_read(bridge) for _ in range(20)))
    beside.assert_unharmed()
    assert resident_mib(bridge) - begun < 64
