"""The intake's spool on a real Kafka that is killed, frozen and comes back: nobody waits, and nothing is lost."""

import json
import os
import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import eventually
from tests.kit.bridge import NONE, Installation
from tests.kit.debian import sudo
from tests.kit.load import Load
from tests.kit.notifications import Poster, Reply, envelope, event_json
from tests.kit.process import Process
from tests.kit.topics import Found, read

pytestmark = pytest.mark.kafka

AT_ONCE_S = 1.5
"""Without the wait for Kafka; the median or most say so, since a busy machine holds up a few answers."""
BATCH = 500
"""Events that the forwarder writes at once: what a crash repeats at most."""
LATE = b"the disk of the spool has not answered for"
"""In an answer 503: a busy machine's disk took longer than a registry waits, and it comes again."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka that the tests of this file stop and start; each finds it running."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture(autouse=True)
def runs(broker: LocalKafka) -> Iterator[None]:
    """Whatever a test did to the broker is undone."""
    yield
    if broker.died() is not None:
        broker.start()


def spooling(
    broker: LocalKafka, topic: str, folder: Path, *, intake: Mapping[str, Any] = NONE, **settings: Any
) -> Installation:
    """An intake with a spool."""
    spool = {"dir": str(folder / "spool"), **settings}
    return Installation(broker.bootstrap, topic, folder, sections={"intake": {**intake, "spool": spool}})


def asked(bridge: Process) -> dict[str, Any]:
    """What the intake says of its spool."""
    with Poster(f"http://{bridge.address}/") as client:
        found = client.request("GET", "/spool").json
        assert isinstance(found, dict)
        return found


def put(poster: Poster, body: bytes) -> Reply:
    """The answer to a POST that Kafka does not take; sent again while the disk alone is late.

    What a late disk was to take may be on it all the same: then an event is there once more for each `poster.again`.
    """
    return poster.insist(body, excuse=LATE)


def possible_repeats(poster: Poster) -> int:
    """How many events the intake has written again because Kafka did not acknowledge them in time."""
    metrics = poster.request("GET", "/metrics").body.decode()
    (value,) = re.findall(r"^registry_bridge_spool_possible_repeats_total (\S+)$", metrics, re.MULTILINE)
    return int(float(value))


def wait_for_more(load: Load, posts: int) -> None:
    """Return when so many more are answered 200."""
    before = len(load.taken)
    eventually(lambda: len(load.taken) > before + posts)


def wait_empty(bridge: Process) -> None:
    """Return when the spool holds nothing."""
    eventually(lambda: asked(bridge)["events"] == 0)


def by_repository(records: list[Found]) -> dict[bytes | None, list[int]]:
    """The numbers of each repository's events, in the order of the log."""
    found = defaultdict(list)
    for record in records:
        found[record.key].append(int((record.header("ce_id") or "").rsplit("-", 1)[1]))
    return found


def in_order_of_first(numbers: list[int]) -> bool:
    """Whether the first occurrences count up without a gap."""
    firsts = list(dict.fromkeys(numbers))
    return firsts == list(range(len(firsts)))


def test_nobody_waits_while_kafka_is_away(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """POSTs are answered 200 while Kafka is away, and stand in the log in order, with their time, when it is back."""
    setup = spooling(broker, topic, tmp_path)
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        assert poster.insist(envelope(event_json("team/app", 0))).status == 200
        wait_empty(bridge)
        broker.kill()
        again = poster.again
        replies = [put(poster, envelope(event_json("team/app", number))) for number in range(1, 40)]
        stopped = time.time()
        assert {200} == {reply.status for reply in replies}
        assert median(reply.seconds for reply in replies) < AT_ONCE_S
        standing = asked(bridge)
        assert "" == standing["obstacle"]
        assert 39 <= standing["events"] <= 39 + poster.again - again
        ready = poster.request("GET", "/readyz")
        assert (200, f"{standing['events']} events") == (ready.status, ready.json["spool"].partition(";")[0])
        assert "events are kept in the spool" in bridge.wait_for_log("kafka.unavailable")["consequence"]
        eventually(lambda: "Connection refused" in asked(bridge)["waits_because"])
        assert standing["used_bytes"] <= standing["disk_bytes"] < standing["max_bytes"]
        broker.start()
        wait_empty(bridge)
        assert poster.insist(envelope(event_json("team/app", 40))).status == 200
        records = read(broker, topic)
        numbers = by_repository(records)[b"team/app"]
        assert in_order_of_first(numbers)
        assert set(range(41)) == set(numbers)
        assert len(numbers) - len(set(numbers)) <= possible_repeats(poster) + poster.again
        assert max(one.timestamp_ms for one in records if one.header("ce_id") == "team-app-39") <= stopped * 1000
        assert bridge.terminate() == 0
        assert "Traceback" not in bridge.stderr


def test_killed_under_load(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """The intake is killed again and again under load, with Kafka there, away and coming back: nothing is lost."""
    setup = spooling(broker, topic, tmp_path)
    bridge = setup.bridge("--listen", f"127.0.0.1:{free_port()}")
    kills = 0
    with bridge:
        address = bridge.address
        with Load(f"http://{address}/events", 8, pause=0.04) as load:
            for is_away, posts in [(False, 30), (True, 40), (True, 20), (False, 5), (False, 20)]:
                if is_away and broker.died() is None:
                    broker.kill()
                elif not is_away and broker.died() is not None:
                    broker.start()
                wait_for_more(load, posts)
                bridge.kill()
                kills += 1
                bridge.start()
            wait_empty(bridge)
        assert bridge.terminate() == 0
        assert "Traceback" not in bridge.stderr
    numbers = by_repository(read(broker, topic))
    for repository, found in numbers.items():
        assert in_order_of_first(found), f"{repository!r}: {found}"
    names = {f"load-app{n}-{number}" for n in range(8) for number in numbers.get(f"load/app{n}".encode(), [])}
    assert set() == set(load.taken) - names
    repeats = sum(len(found) - len(set(found)) for found in numbers.values())
    again = load.statuses.count(503) + 8 * kills + 8 * 3
    assert repeats <= kills * BATCH + again


def test_kafka_that_does_not_answer(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """A frozen Kafka: the first POST waits a second for it, the next ones not at all; all are answered 200."""
    setup = spooling(broker, topic, tmp_path)
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        bridge.wait_for_log("bridge.ready")
        assert poster.insist(envelope(event_json("team/app", 0))).status == 200
        wait_empty(bridge)
        broker.pause()
        again = poster.again
        try:
            replies = [put(poster, envelope(event_json("team/app", number))) for number in range(1, 30)]
            assert {200} == {reply.status for reply in replies}
            assert median(reply.seconds for reply in replies) < AT_ONCE_S
            assert bridge.terminate() == 0
            [left] = [line for line in bridge.log() if line["event"] == "spool.left"]
            assert 29 <= left["events"] <= 29 + poster.again - again
        finally:
            broker.resume()
        bridge.start()
        wait_empty(bridge)
        numbers = by_repository(read(broker, topic))[b"team/app"]
        assert in_order_of_first(numbers)
        assert set(range(30)) == set(numbers)


def test_before_kafka_was_ever_there(tmp_path: Path, topic: str) -> None:
    """The first start while Kafka is away, without topics: POSTs are taken, over a restart too, and arrive later."""
    with LocalKafka(tmp_path / "kafka") as young:
        young.kill()
        setup = spooling(young, topic, tmp_path)
        bridge = setup.bridge()
        again = 0
        for number in range(2):
            with bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
                assert put(poster, envelope(event_json("team/app", number))).status == 200
                again += poster.again
        young.start()
        with bridge, Poster(f"http://{bridge.address}/") as client:
            assert 2 <= bridge.wait_for_log("spool.holds")["events"] <= 2 + again
            wait_empty(bridge)
            again += possible_repeats(client)
        numbers = by_repository(read(young, topic))[b"team/app"]
        assert [0, 1] == list(dict.fromkeys(numbers))
        assert len(numbers) <= 2 + again


def test_one_intake_a_folder(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """The second one ends with exit 1 and names the first, as `check` does."""
    setup = spooling(broker, topic, tmp_path)
    with setup.bridge() as bridge:
        assert bridge.address
        done = setup.run_bridge("serve")
        assert (1, "") == (done.code, done.stdout)
        assert f"in use by process {bridge.pid} on" in done.stderr
        checked = setup.run_bridge("check").stdout
        assert f"ok      the spool in {tmp_path / 'spool'} is in use by process {bridge.pid} on" in checked


def test_status_and_check_show_the_spool(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """`status` asks the intake, also while Kafka is away; `check` looks into the folder if no intake runs."""
    address = f"127.0.0.1:{free_port()}"
    setup = spooling(broker, topic, tmp_path, intake={"listen": address})
    assert "note    the folder of the spool does not exist yet" in setup.run_bridge("check").stdout
    assert f"spool: unknown: {address}/spool does not answer" in setup.run_worker("status").stdout
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        bridge.wait_for_log("bridge.ready")
        shown = eventually(lambda: shown_by_status(setup))
        assert (0, "", 10 * 2**30) == (shown["events"], shown["obstacle"], shown["max_bytes"])
        broker.kill()
        assert 200 == put(poster, envelope(event_json("team/app", 0), event_json("team/app", 1))).status
        held = asked(bridge)["events"]
        assert held in range(2, 2 * poster.again + 3, 2)
        told = f"spool: {held} events; the oldest accepted "
        done = eventually(lambda: one if (one := setup.run_worker("status")).stdout.startswith(told) else None)
        assert 1 == done.code
        eventually(lambda: "; waits because " in setup.run_worker("status").stdout)
        bridge.kill()
    for _ in range(2):
        checked = setup.run_bridge("check")
        assert f"the spool in {tmp_path / 'spool'} holds {held} events" in checked.stdout
    assert ["lock", "reserve", "spool.db", "spool.db-wal"] == sorted(
        file.name for file in (tmp_path / "spool").iterdir()
    )


def shown_by_status(setup: Installation) -> dict[str, Any] | None:
    """What `status --json` says of the spool; None if the intake did not answer it in time."""
    [shown] = [one["spool"] for one in json.loads(setup.run_worker("status", "--json").stdout) if "spool" in one]
    assert shown is None or isinstance(shown, dict)
    return shown


def test_a_damaged_spool_is_refused(tmp_path: Path, topic: str, broker: LocalKafka) -> None:
    """Exit 1, with what is wrong and what to do; the files stay as they are."""
    setup = spooling(broker, topic, tmp_path)
    broker.kill()
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        assert {200} == {put(poster, envelope(event_json("team/app", number))).status for number in range(9)}
        assert bridge.terminate() == 0
    file = tmp_path / "spool" / "spool.db"
    content = bytearray(file.read_bytes())
    content[content.index(b"team-app-5")] ^= 1
    file.write_bytes(content)
    done = setup.run_bridge("serve")
    assert 1 == done.code
    found = re.search(r"event (\d+) is not as it was written; no event was removed", done.stderr)
    assert found is not None, done.stderr
    assert 6 <= int(found[1]) <= 6 + poster.again
    assert content == file.read_bytes()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB of its own."""
    become = [] if os.getuid() == 0 else sudo()
    if become is None:
        pytest.skip("a disk that is full soon is mounted as root, or by a sudo that asks no password; here is neither")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run([*become, "mount", "-t", "tmpfs", "-o", "size=24m,mode=1777", "tmpfs", folder], check=True)
    yield folder
    subprocess.run([*become, "umount", "-l", folder], check=True)


def test_a_full_disk(broker: LocalKafka, topic: str, tmp_path: Path, small_disk: Path) -> None:
    """503 and unready with the reason while the disk is full; on by itself with room; a full disk can be emptied."""
    setup = spooling(broker, topic, tmp_path, dir=str(small_disk / "spool"), max="1GiB")
    body = {"actor": {"name": "x" * 100_000}}
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        bridge.wait_for_log("bridge.ready")
        assert "tmpfs" in bridge.wait_for_log("spool.file_system")["reason"]
        broker.kill()
        filler = small_disk / "filler"
        filler.write_bytes(b"x" * 12 * 2**20)
        taken = 0
        while (reply := put(poster, envelope(event_json("team/app", taken, **body)))).status == 200:
            taken += 1
            assert taken < 500
        assert (503, "1") == (reply.status, reply.headers["retry-after"])
        assert "no space left on the disk" in reply.json["error"], reply.json
        ready = poster.request("GET", "/readyz")
        assert (503, True) == (ready.status, any("no space left on the disk" in one for one in ready.json["reasons"]))
        filler.unlink()
        eventually(lambda: poster.request("GET", "/readyz").status == 200)
        for _ in range(20):
            assert poster.insist(envelope(event_json("team/app", taken, **body))).status == 200
            taken += 1
        assert bridge.wait_for_log("spool.has_room")
        filler.write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize))
        broker.start()
        wait_empty(bridge)
        assert bridge.terminate() == 0
        assert "Traceback" not in bridge.stderr
    numbers = by_repository(read(broker, topic))[b"team/app"]
    assert in_order_of_first(numbers)
    assert set(range(taken)) == set(numbers)


def test_a_full_spool(broker: LocalKafka, topic: str, tmp_path: Path) -> None:
    """When its events take `max` POSTs are answered 503 with the reason, not before, and Kafka's return ends it."""
    setup = spooling(broker, topic, tmp_path, intake={"max_body": "1MiB"}, max="16MiB")
    body = {"actor": {"name": "x" * 500_000}}
    with setup.bridge() as bridge, Poster(f"{bridge.wait_ready()}/events") as poster:
        bridge.wait_for_log("bridge.ready")
        broker.kill()
        taken = 0
        while (reply := put(poster, envelope(event_json("team/app", taken, **body)))).status == 200:
            taken += 1
            assert taken < 50
            assert asked(bridge)["disk_bytes"] <= 28 * 2**20
        assert (503, True) == (reply.status, "the spool is full" in reply.json["error"])
        assert 0.8 < asked(bridge)["used_bytes"] / asked(bridge)["max_bytes"] <= 1
        assert b"the spool is full" in put(poster, envelope(event_json("team/small", 0))).body
        assert 503 == poster.request("GET", "/readyz").status
        metrics = poster.request("GET", "/metrics").body.decode()
        assert 'registry_bridge_refused_total{reason="spool-full"} 2.0' in metrics
        assert 'registry_bridge_spool_failures_total{reason="spool-full"} 2.0' in metrics
        [events] = re.findall(r"^registry_bridge_spool_events (\d+)\.0$", metrics, re.MULTILINE)
        assert taken <= int(events) <= taken + poster.again
        broker.start()
        eventually(lambda: poster.post(envelope(event_json("team/app", taken, **body))).status == 200)
        wait_empty(bridge)
        assert poster.request("GET", "/readyz").status == 200
        assert asked(bridge)["disk_bytes"] < 6 * 2**20
    assert set(range(taken + 1)) == set(by_repository(read(broker, topic))[b"team/app"])
