"""docker-registry, intake with spool, Kafka, worker, endpoint: each is killed in turn under load, and nothing is lost.

A witness, which the registry notifies by itself and which stays up, knows every event that there was.
"""

import http.client
import itertools
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import DockerRegistry, NotificationEndpoint, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.exchange import Captured
from tests.kit.process import Process
from tests.kit.running import Running

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

SWIFT = {"group.consumer.session.timeout.ms": "3000", "group.consumer.heartbeat.interval.ms": "500"}
REPOSITORIES = 3
STEP_EVENTS = 12
"""Events between two kills."""
IN_A_REGISTRY = REPOSITORIES * 2
"""Events that a registry holds in its memory while its endpoints take them: those of the pushes under way."""


class Pushes(Running):
    """Clients that push small blobs, one after the other, each to a repository of its own.

    Args:
        registry: where to.
        may_push: asked before each push; one that may not be is left out.
    """

    def __init__(self, registry: DockerRegistry, may_push: Callable[[], bool] = lambda: True) -> None:
        self._registry = registry
        self._may_push = may_push
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(f"kill/app{n}",)) for n in range(REPOSITORIES)]

    def begin(self) -> None:
        """Starts them."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends them."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, repository: str) -> None:
        client = self._registry.client()
        for number in itertools.count():
            if self._stopping.wait(0.05):
                return
            if not self._may_push():
                continue
            try:
                client.push_blob(repository, f"{repository} {number}".encode())
            except (OSError, http.client.HTTPException):  # the registry is being killed
                continue


def ids_of(requests: Iterable[Captured]) -> dict[str, list[str]]:
    """The ids of the events that were answered 200, in the order of their arrival, by repository."""
    found: dict[str, list[str]] = defaultdict(list)
    for request in requests:
        if request.status == 200:
            for event in json.loads(request.body)["events"]:
                found[event["target"]["repository"]].append(event["id"])
    return found


@dataclass
class Chain:
    """Everything that an event passes."""

    kafka: LocalKafka
    bridge: Process
    worker: Process
    receiver: Receiver
    witness: Receiver
    registry: DockerRegistry

    def more_events(self) -> None:
        """Return when so many more events were made."""
        before = len(self.witness.requests)
        self.witness.wait_until(lambda found: len(found) >= before + STEP_EVENTS)

    def made(self) -> set[str]:
        """The ids that the witness has."""
        return set(itertools.chain(*ids_of(self.witness.requests).values()))

    def missing(self) -> set[str]:
        """The ids that the witness has and the endpoint has not."""
        return self.made() - set(itertools.chain(*ids_of(self.receiver.requests).values()))


@pytest.fixture
def chain(tmp_path: Path, topic: str) -> Iterator[Chain]:
    """Everything up."""
    with LocalKafka(tmp_path / "kafka", settings=SWIFT) as kafka, Receiver() as receiver, Receiver() as witness:
        sections = {"intake": {"listen": f"127.0.0.1:{free_port()}", "spool": {"dir": str(tmp_path / "spool")}}}
        ends = [endpoint("ci", receiver.url, start="beginning", timeout="2s")]
        setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=ends, sections=sections)
        with setup.bridge() as bridge, setup.worker() as worker:
            told = [
                NotificationEndpoint(name="witness", url=witness.url, backoff="100ms"),
                NotificationEndpoint(name="bridge", url=f"{bridge.wait_ready()}/events", timeout="3s", backoff="100ms"),
            ]
            worker.wait_ready()
            with DockerRegistry(tmp_path / "registry", told) as registry:
                yield Chain(kafka, bridge, worker, receiver, witness, registry)
            assert worker.terminate() == bridge.terminate() == 0
            assert "Traceback" not in bridge.stderr + worker.stderr


def test_each_part_killed_in_turn(chain: Chain) -> None:
    """Every event that the registry made arrives, in its order; but for those that a killed registry had in memory."""
    with Pushes(chain.registry):
        chain.more_events()
        chain.bridge.kill()
        chain.bridge.start()
        chain.more_events()
        chain.kafka.kill()
        chain.more_events()
        chain.bridge.kill()
        chain.bridge.start()
        chain.more_events()
        chain.worker.kill()
        chain.receiver.stop()
        chain.kafka.start()
        chain.more_events()
        chain.worker.start()
        chain.receiver.start()
        chain.more_events()
    eventually(lambda: not chain.missing())
    # No faster than the endpoint gets them: the registry's memory is to have few when it is killed.
    with Pushes(chain.registry, lambda: len(chain.missing()) <= IN_A_REGISTRY):
        chain.more_events()
        eventually(lambda: len(chain.missing()) <= IN_A_REGISTRY)
        before = chain.made() - chain.missing()
        chain.registry.kill()
        chain.registry.start()
        in_memory = chain.made() - before
    with Pushes(chain.registry):
        chain.more_events()
    eventually(lambda: chain.missing() <= in_memory)
    lost = chain.missing()
    made, arrived = ids_of(chain.witness.requests), ids_of(chain.receiver.requests)
    assert made.keys() == {f"kill/app{n}" for n in range(REPOSITORIES)}
    for repository, ids in made.items():
        both = set(arrived[repository]) & set(ids)  # the registry's kill can take an event from either of the two
        assert first_of(ids, both) == first_of(arrived[repository], both), f"{repository}, lost: {lost}"


def first_of(ids: Iterable[str], wanted: set[str]) -> list[str]:
    """The first occurrences of the wanted ones, in order."""
    return list(dict.fromkeys(one for one in ids if one in wanted))
