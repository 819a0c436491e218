"""`/metrics` of both processes on a real Kafka: what is known, also of whom nobody serves; nothing of what is not."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from broker import LocalKafka
from runtime.http.client import VERSION
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import Poster, envelopes, ids, wait_for_ids

pytestmark = pytest.mark.kafka

PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "python_info"}


def metrics(process: Process) -> dict[tuple[str, str], float]:
    """The samples of a process by name and endpoint (empty where there is none)."""
    with Poster(f"http://{process.address}/") as asked:
        text = asked.request("GET", "/metrics").body.decode()
    return {
        (sample.name, sample.labels.get("endpoint", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def wait_for_lag(process: Process, endpoint: str, lag: float) -> None:
    """Waits until it says so much of an endpoint."""

    def said() -> bool:
        assert lag == metrics(process).get(("registry_worker_lag", endpoint))
        return True

    eventually(said)


def test_lag_of_all_partitions_whoever_has_them(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Two workers share the partitions of one endpoint that is down, and nobody serves another: both know it all."""
    dead = Receiver().url
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", dead), endpoint("idle", dead)])
    assert 0 == setup.run_bridge("init").code
    with ExitStack() as running:
        workers = [running.enter_context(setup.worker("--endpoint", "ci", name=name)) for name in ("one", "two")]
        for worker in workers:
            worker.wait_ready()

        def shared() -> bool:
            held = [metrics(worker).get(("registry_worker_assigned_partitions", "ci")) for worker in workers]
            assert [2.0, 2.0] == held
            return True

        eventually(shared)
        setup.publish(*envelopes(10, 3))
        for worker in workers:
            wait_for_lag(worker, "ci", 30)
            wait_for_lag(worker, "idle", 30)
            eventually(partial(tells_what_it_knows, worker))


def tells_what_it_knows(worker: Process) -> bool:
    """The age of what waits for whomever, and what is pending at those that it serves."""
    found = metrics(worker)
    assert found.get(("registry_worker_oldest_age_seconds", "idle"), 0) > 0
    assert 30 == found.get(("registry_notifications_pending_total", "ci"))
    assert ("registry_notifications_pending_total", "idle") not in found
    return True


def test_what_cannot_be_known_has_no_sample(broker: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """Without Kafka, lag and age are unknown at `/metrics` and `/status`, whatever they were; then they are back."""
    setup = Installation(broker.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with setup.bridge() as bridge, setup.worker() as worker:
        bridge.wait_ready()
        worker.wait_ready()
        bodies = envelopes(1, 3)
        setup.publish(*bodies)
        wait_for_ids(receiver, ids(bodies))
        wait_for_lag(worker, "ci", 0)
        assert 0 == metrics(worker)["registry_worker_oldest_age_seconds", "ci"]
        for process, program in ((bridge, "registry_bridge"), (worker, "registry_worker")):
            found = metrics(process)
            assert 1 == found[f"{program}_kafka_up", ""]
            assert 1 == found[f"{program}_build_info", ""]
            assert {name for name, _ in found} >= PROCESS
        broker.pause()

        def unknown() -> bool:
            found = metrics(worker)
            assert 0 == found["registry_worker_kafka_up", ""]
            names = {name for name, _ in found}
            assert not names & {"registry_worker_lag", "registry_worker_oldest_age_seconds"}
            assert "registry_notifications_pending_total" not in names
            return True

        eventually(unknown)
        with Poster(f"http://{worker.address}/") as asked:
            (told,) = asked.request("GET", "/status").json
            page = asked.request("GET", "/").body.decode()
        assert (None, None) == (told["lag"], told["oldest_age_s"])
        assert any("Kafka does not answer" in reason for reason in told["waits_because"])
        assert '<dd data-part="lag"><span class="unknown">unknown</span></dd>' in page
        eventually(lambda: metrics(bridge)["registry_bridge_kafka_up", ""] == 0)
        broker.resume()
        wait_for_lag(worker, "ci", 0)


def test_the_version_is_named(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """As the package has it."""
    setup = Installation(kafka.bootstrap, topic, tmp_path)
    with setup.bridge() as bridge, Poster(f"http://{bridge.address}/") as asked:
        text = asked.request("GET", "/metrics").body.decode()
    assert f'registry_bridge_build_info{{version="{VERSION}"}} 1.0' in text
