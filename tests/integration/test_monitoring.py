"""Alert rules and dashboard, held against promtool and against the metrics of a pipeline that runs."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from broker import LocalKafka
from tests.kit import Process, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.kept_tags import keeper
from tests.kit.kubernetes import KUBERNETES, only
from tests.kit.monitoring import RULE_TESTS, RULES, alerts, dashboard_queries
from tests.kit.notifications import Poster, envelopes, ids, wait_for_ids
from tests.kit.prometheus import Prometheus
from tests.kit.promql import Scrape


def promtool(*arguments: str | Path) -> str:
    """What it says; AssertionError if it finds a fault."""
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert 0 == done.returncode, said
    return said


def test_promtool_accepts_the_rules() -> None:
    """Each with its syntax and templates."""
    assert f"{len(alerts())} rules found" in promtool("check", "rules", RULES)


def test_the_rules_fire_when_they_should() -> None:
    """And not otherwise: the unit tests beside them."""
    promtool("test", "rules", RULE_TESTS)


def test_promtool_accepts_the_queries_of_the_dashboard(tmp_path: Path) -> None:
    """As recording rules, with the dashboard's variables filled in."""
    rules = [{"record": f"query:{number}", "expr": one.filled_in} for number, one in enumerate(dashboard_queries())]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


TOPIC = "test-monitoring"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What runs."""

    intakes: tuple[Process, ...]
    worker: Process
    tags: Process

    def addresses(self) -> dict[str, list[str]]:
        """Where to scrape, by job."""
        return {
            "intake": [one.address for one in self.intakes],
            "worker": [self.worker.address],
            "tags": [self.tags.address],
        }


@pytest.fixture(scope="module")
def pipeline(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """An intake with a spool, one of two processes, a worker of two, and one that keeps tags, after a delivery."""
    folder = tmp_path_factory.mktemp("monitoring")
    spool = {"intake": {"spool": {"dir": str(folder / "spool")}}}
    with Receiver() as receiver, ExitStack() as running:
        setup = Installation(
            kafka.bootstrap,
            TOPIC,
            folder,
            endpoints=[endpoint("ci", receiver.url, ignore={"actions": ["pull"]})],
            sections={"topics": {"tags": f"{TOPIC}.tags"}},
        )
        spooling = replace(setup, folder=folder / "spooling", sections={**setup.sections, **spool})
        bridge, family, worker, tags = (
            running.enter_context(one)
            for one in (
                spooling.bridge(),
                setup.bridge("--processes", "2", name="family"),
                setup.worker("--processes", "2"),
                keeper(setup, "tags"),
            )
        )
        for process in (bridge, family, worker, tags):
            process.wait_ready()
        bodies = envelopes(2, 2)
        with Poster(f"http://{bridge.address}/events") as registry:
            for body in (*bodies, bodies[0].replace(b'"push"', b'"pull"')):
                assert 200 == registry.insist(body).status
        wait_for_ids(receiver, ids(bodies))
        eventually(lambda: 'registry_worker_filtered_total{endpoint="ci"' in exposed(worker))
        eventually(lambda: 'registry_worker_oldest_age_seconds{endpoint="ci"}' in exposed(worker))
        yield Pipeline((bridge, family), worker, tags)


@pytest.fixture(scope="module")
def scrape(pipeline: Pipeline) -> Scrape:
    """What its processes expose."""
    return Scrape([*map(exposed, (*pipeline.intakes, pipeline.worker, pipeline.tags))])


def exposed(process: Process) -> str:
    """Its metrics."""
    with Poster(f"http://{process.address}/") as asked:
        return asked.request("GET", "/metrics").body.decode()


@pytest.mark.kafka
def test_the_dashboard_shows_metrics_that_exist(scrape: Scrape) -> None:
    """Each metric, label and label's value of a query is exposed by a process."""
    faults = [(one.panel, fault) for one in dashboard_queries() for fault in scrape.unknown_in(one.text, one.legend)]
    assert [] == faults


@pytest.mark.kafka
def test_alerts_read_metrics_that_exist(scrape: Scrape) -> None:
    """The annotations too."""
    faults = [
        (one["alert"], fault)
        for one in alerts()
        for fault in scrape.unknown_in(one["expr"], *one["annotations"].values())
    ]
    assert [] == faults


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("max(registry_worker_leg)", "no metric registry_worker_leg"),
        ("sum by (endpoint, action) (registry_worker_lag)", "no label action"),
        ('registry_worker_lag{reason="x"}', "registry_worker_lag has no label reason"),
        (
            'rate(registry_bridge_refused_total{reason=~"kafka|kafak"}[5m])',
            "registry_bridge_refused_total has no reason=kafak",
        ),
        ('{__name__=~"registry_worker_lag|registry_worker_leg"}', "no metric registry_worker_leg"),
        ("vector(1)", "reads no metric"),
    ],
)
def test_a_query_of_what_is_not_there_is_found(scrape: Scrape, query: str, fault: str) -> None:
    """The check itself."""
    assert fault in scrape.unknown_in(query)


@pytest.mark.kafka
def test_a_prometheus_evaluates_every_rule_and_every_query(pipeline: Pipeline, tmp_path: Path) -> None:
    """No alert fires while all is well, and each panel has something to show, but for those of what goes wrong."""
    wrong = {one for one in dashboard_queries() if one.filled_in.endswith("> 0")}
    with Prometheus(tmp_path, pipeline.addresses()) as prometheus:

        def evaluated() -> bool:
            assert 4 == sum(one["value"][1] == "1" for one in prometheus.query("up"))
            (group,) = prometheus.ask("rules")["groups"]
            assert {("ok", "inactive")} == {(one["health"], one["state"]) for one in group["rules"]}
            queries = [one for one in dashboard_queries() if one not in wrong]
            assert [] == [one for one in queries if not prometheus.query(one.filled_in)]
            return True

        eventually(evaluated)
        for one in wrong:
            assert [] == prometheus.query(one.filled_in)


@pytest.mark.kafka
def test_workers_are_scaled_by_metrics_that_exist(scrape: Scrape, tmp_path: Path) -> None:
    """The query of the autoscaling, which promtool accepts."""
    (trigger,) = only(KUBERNETES / "autoscaling", "ScaledObject")["spec"]["triggers"]
    query = trigger["metadata"]["query"]
    assert [] == scrape.unknown_in(query)
    file = tmp_path / "query.yaml"
    rule = {"record": "query:scaling", "expr": query}
    file.write_text(yaml.safe_dump({"groups": [{"name": "scaling", "rules": [rule]}]}))
    assert "1 rules found" in promtool("check", "rules", file)
