"""Fixtures for every test: a Kafka for all, a Kafka of one's own to maltreat, a topic name, an endpoint, a registry."""

import gc
import itertools
import os
import re
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from broker import LocalKafka
from broker.ports import ALL, SHARE, subshare
from tests.kit import DockerRegistry, NotificationEndpoint, Receiver
from tests.kit.examples import import_all_of_ours, load_profiles
from tests.kit.order import in_turns
from tests.kit.registry import PATIENT
from tests.kit.shared_kafka import ADDRESS, SharedBrokers, shared_kafka

load_profiles()

COUNT = itertools.count(1)
PROXIES = {f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")}
TERMINAL = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"}
FOREIGN = {"CI", "PYTHONDONTWRITEBYTECODE", *TERMINAL, *PROXIES, *map(str.upper, PROXIES)}
"""What a machine may tell programs that is no matter of ours."""
WHOLE = "LOCAL_PORTS_OF_THE_RUN"
"""The variable with the share of the ports that all processes of a run share."""
WITHOUT = Path(__file__).parent / "kit" / "without"
"""Modules that are as good as not installed."""


def pytest_configure(config: pytest.Config) -> None:
    """Sets the environment of the programs that tests start, which is the same wherever the tests run."""
    gc.disable()  # what is imported and collected stays; looking through it again and again finds nothing
    for name in FOREIGN & os.environ.keys():
        del os.environ[name]
    sys.dont_write_bytecode = False  # else each process of a run rewrites the assertions of all tests anew
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(WITHOUT), os.environ.get("PYTHONPATH")]))
    _let_programs_hear_signals()
    os.environ.setdefault(WHOLE, os.environ.get(SHARE, ALL))
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _take_a_share_of_the_ports(int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    elif _processes(config):
        stack = ExitStack()
        config.add_cleanup(stack.close)
        os.environ[ADDRESS] = stack.enter_context(SharedBrokers()).address


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """The process that hands out the tests takes the last share."""
    if (count := _processes(session.config)) and "PYTEST_XDIST_WORKER" not in os.environ:
        _take_a_share_of_the_ports(count, count)


def _processes(config: pytest.Config) -> int:
    """How many run tests for the one that hands them out; 0 if it runs them itself."""
    return getattr(config.option, "numprocesses", None) or 0


def _let_programs_hear_signals() -> None:
    """A background job of a shell ignores SIGINT, one under nohup SIGHUP; programs inherit that, but no handler."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


def _take_a_share_of_the_ports(index: int, workers: int) -> None:
    """Of several processes of a run, none takes a port that another's server gave up for a moment."""
    shares = workers + 1
    os.environ[SHARE] = subshare(os.environ[WHOLE], index % shares, shares)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files into an order that keeps the cores busy."""
    items[:] = in_turns(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What a property test draws does not depend on the tests before it; the garbage collector skips what is there."""
    if any(item.get_closest_marker("hypothesis") for item in session.items):
        import_all_of_ours()
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """An extension that looks at the end for what it leaked finds what was collected as ever."""
    gc.unfreeze()


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """A test that sets up logs, as a command does, does not set them up for the next one."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """The running Kafka that all tests share: never stop, kill or pause it."""
    with shared_kafka("kafka", tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="session")
def kafka_39(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A running Kafka 3.9 with its defaults, which serves groups of the classic protocol alone: never stop it."""
    with shared_kafka("kafka-3.9", tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="session")
def kafka_without_group_version(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A running Kafka 4 formatted without the consumer protocol (`group.version` 0): never stop it."""
    with shared_kafka("kafka-without-group-version", tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="module")
def maltreated_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka of a file's own, in whatever state its last test left it, and gone after the file; see `broker`."""
    kafka = LocalKafka(tmp_path_factory.mktemp("maltreated") / "kafka")
    yield kafka
    kafka.stop()


@pytest.fixture
def broker(maltreated_kafka: LocalKafka) -> LocalKafka:
    """A running Kafka that no other test uses at the same time, to be stopped, killed and paused.

    It has the data of the file's earlier tests. Costs about 3 seconds if the last one left it stopped.
    """
    if maltreated_kafka.runs:
        maltreated_kafka.resume()
    else:
        maltreated_kafka.start()
    return maltreated_kafka


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic name that no other test uses; the topic is not made."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:60].strip("-")
    return f"{name}.{next(COUNT)}.{uuid.uuid4().hex[:8]}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint that is up and answers 200."""
    with Receiver() as up:
        yield up


@pytest.fixture
def registry(tmp_path: Path, receiver: Receiver) -> Iterator[DockerRegistry]:
    """A container registry that notifies `receiver` at /events."""
    endpoint = NotificationEndpoint(name="receiver", url=f"{receiver.url}/events", timeout=PATIENT)
    with DockerRegistry(tmp_path / "registry", [endpoint]) as up:
        yield up
