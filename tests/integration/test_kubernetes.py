"""The manifests in deploy/kubernetes: rendered, held against their schemas, the configuration and the commands."""

import copy
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer.cli import commands as worker_commands
from producer.cli import commands as bridge_commands
from runtime.config import Settings
from runtime.config.addresses import parse_address
from runtime.config.load import settings_from
from runtime.deadline import CLOSE_GRACE_S
from runtime.last_resort import GRACE_S
from tests.kit import prometheus_rule
from tests.kit.kubernetes import KUBERNETES, SchemaFaultError, judge, kubectl_release, only, pods, resources
from tests.kit.monitoring import RULES
from tests.kit.paths import ROOT
from tests.kit.promql import selectors

KUSTOMIZATIONS = sorted(file.parent for file in KUBERNETES.glob("*/kustomization.yaml"))
ALL = [(folder.name, one) for folder in KUSTOMIZATIONS for one in resources(folder)]
IDS = [f"{folder}/{one['kind']}/{one['metadata']['name']}" for folder, one in ALL]
PODS = list(pods())
NAMES = [one["metadata"]["name"] for one, _ in PODS]
SERVED = [(one, container) for one, container in PODS if container["name"] != "tags"]
"""Of the base: registries and endpoints wait for them."""
FILE = re.compile(r"\$\{file:([^}]+)\}")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def settings() -> Settings:
    """The configuration in the ConfigMap."""
    return settings_from(yaml.safe_load(FILE.sub("s3cret", configuration())))


def configuration() -> str:
    """The configuration's text."""
    (text,) = only(KUBERNETES / "base", "ConfigMap")["data"].values()
    return str(text)


def named(resource: Mapping[str, Any]) -> tuple[str, str]:
    """Its kind and name."""
    return resource["kind"], resource["metadata"]["name"]


@pytest.mark.parametrize(("folder", "resource"), ALL, ids=IDS)
def test_a_resource_is_as_its_schema_says(folder: str, resource: Mapping[str, Any]) -> None:
    """That of Kubernetes, of KEDA, of the Prometheus operator; no field is unknown."""
    judge(resource)


@pytest.mark.parametrize(("folder", "resource"), ALL, ids=IDS)
def test_the_judge_finds_an_unknown_field(folder: str, resource: Mapping[str, Any]) -> None:
    """In every kind."""
    wrong = copy.deepcopy(dict(resource))
    wrong.setdefault("spec", wrong)["replicaz"] = 1
    with pytest.raises(SchemaFaultError):
        judge(wrong)


def test_the_judge_finds_a_wrong_type() -> None:
    """In a resource of Kubernetes, and in a custom one."""
    for folder, kind, field in (("base", "Deployment", "replicas"), ("autoscaling", "ScaledObject", "pollingInterval")):
        wrong = copy.deepcopy(only(KUBERNETES / folder, kind))
        wrong["spec"][field] = "many"
        with pytest.raises(SchemaFaultError):
            judge(wrong)


def test_the_rules_of_the_operator_are_those_of_prometheus() -> None:
    """`make rules` has been run since they changed."""
    assert prometheus_rule.rendered() == prometheus_rule.FILE.read_text("utf-8")
    rule = only(KUBERNETES / "monitoring", "PrometheusRule")
    assert yaml.safe_load(RULES.read_text("utf-8")) == rule["spec"]


@pytest.mark.parametrize(("workload", "container"), PODS, ids=NAMES)
def test_a_pod_is_confined(workload: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    """What the profile `restricted` of Pod Security asks for, and a root that cannot be written."""
    pod = workload["spec"]["template"]["spec"]
    context = pod["securityContext"] | container["securityContext"]
    assert True is context["runAsNonRoot"]
    assert 0 not in {context["runAsUser"], context["runAsGroup"]}
    assert {"type": "RuntimeDefault"} == context["seccompProfile"]
    assert (False, True) == (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"])
    assert {"drop": ["ALL"]} == context["capabilities"]
    assert False is pod["automountServiceAccountToken"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize(("workload", "container"), PODS, ids=NAMES)
def test_a_pod_runs_one_of_our_commands_as_the_image_does(
    workload: Mapping[str, Any], container: Mapping[str, Any]
) -> None:
    """By the image's user, with the configuration where the image seeks it."""
    program, command, *options = container["args"]
    assert options == (["--listen", "0.0.0.0:5053"] if container["name"] == "tags" else ["--watch-config"])
    known = {"registry-bridge": bridge_commands, "registry-worker": worker_commands}
    assert command in known[program].commands
    pod = workload["spec"]["template"]["spec"]
    user = pod["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in DOCKERFILE
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    (file,) = only(KUBERNETES / "base", "ConfigMap")["data"]
    assert f"REGISTRY_BRIDGE_CONFIG={mounts['configuration']}/{file}\n" in DOCKERFILE
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert only(KUBERNETES / "base", "ConfigMap")["metadata"]["name"] == volumes["configuration"]["configMap"]["name"]


@pytest.mark.parametrize(("workload", "container"), PODS, ids=NAMES)
def test_a_pod_has_time_to_drain(workload: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    """The grace period is longer than what is done before the signal, the drain, and the end of a stuck process."""
    hook = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
    assert "sleep" == hook[0]
    found = settings()
    drain_s = max(found.worker.drain_s, *map(found.worker.drain_of, found.endpoints))
    needed_s = int(hook[1]) + drain_s + CLOSE_GRACE_S + GRACE_S
    assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > needed_s


@pytest.mark.parametrize(("workload", "container"), PODS, ids=NAMES)
def test_a_pod_is_probed_where_it_listens(workload: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    """Liveness asks the loop alone; readiness takes it out of the Service; all at the configured port."""
    found = settings()
    configured = {"intake": found.intake.listen, "worker": found.worker.listen}
    listen = configured.get(container["name"]) or parse_address(container["args"][-1])
    assert not listen.is_loopback
    assert [{"name": "http", "containerPort": listen.port}] == [
        {key: port[key] for key in ("name", "containerPort")} for port in container["ports"]
    ]
    paths = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {"port": "http", "path": "/livez"} == paths["startupProbe"] == paths["livenessProbe"]
    assert {"port": "http", "path": "/readyz"} == paths["readinessProbe"]
    assert container["livenessProbe"]["timeoutSeconds"] > 5, "several processes are asked for 5 s"


@pytest.mark.parametrize(("workload", "container"), SERVED, ids=[one["metadata"]["name"] for one, _ in SERVED])
def test_a_disruption_leaves_one(workload: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    """A node that is drained takes one pod at a time, of the workload's labels, and one stays."""
    labels = workload["spec"]["selector"]["matchLabels"]
    assert labels == workload["spec"]["template"]["metadata"]["labels"]
    (budget,) = (
        one["spec"]
        for one in resources(KUBERNETES / "base")
        if one["kind"] == "PodDisruptionBudget" and one["spec"]["selector"]["matchLabels"] == labels
    )
    left = budget.get("minAvailable", workload["spec"]["replicas"] - budget.get("maxUnavailable", 0))
    assert 1 <= left < workload["spec"]["replicas"]


def test_registries_reach_the_intake() -> None:
    """The Service selects the intakes and leads to their port."""
    intake = only(KUBERNETES / "base", "StatefulSet")
    labels = intake["spec"]["template"]["metadata"]["labels"]
    service = only(KUBERNETES / "base", "Service", "registry-intake")["spec"]
    assert (labels, "http") == (service["selector"], service["ports"][0]["targetPort"])
    headless = only(KUBERNETES / "base", "Service", intake["spec"]["serviceName"])["spec"]
    assert ("None", labels) == (headless["clusterIP"], headless["selector"])


def test_the_spool_is_on_a_volume_that_has_room() -> None:
    """Each intake's own, for what the spool may take, its log and its reserve."""
    spool, body = settings().intake.spool, settings().intake.max_body_bytes
    assert spool is not None
    intake = only(KUBERNETES / "base", "StatefulSet")["spec"]
    (claim,) = intake["volumeClaimTemplates"]
    (container,) = intake["template"]["spec"]["containers"]
    (place,) = (one["mountPath"] for one in container["volumeMounts"] if one["name"] == claim["metadata"]["name"])
    assert spool.folder.is_relative_to(Path(place))
    size = claim["spec"]["resources"]["requests"]["storage"]
    assert int(size.removesuffix("Gi")) * 2**30 > spool.max_bytes + 4 * 2**20 + 8 * body
    assert intake["template"]["spec"]["securityContext"]["fsGroup"]


@pytest.mark.parametrize(("workload", "container"), PODS, ids=NAMES)
def test_the_secret_has_what_the_configuration_asks_for(
    workload: Mapping[str, Any], container: Mapping[str, Any]
) -> None:
    """Each file that the configuration names is one of the Secret that docs/deploying.md makes, and can be read."""
    files = FILE.findall(configuration())
    assert "${" not in FILE.sub("", configuration())
    (place,) = (one["mountPath"] for one in container["volumeMounts"] if one["name"] == "secrets")
    pod = workload["spec"]["template"]["spec"]
    (secret,) = (one["secret"] for one in pod["volumes"] if one["name"] == "secrets")
    made = f"kubectl create secret generic {secret['secretName']}"
    (line,) = (one for one in (ROOT / "docs" / "deploying.md").read_text("utf-8").splitlines() if made in one)
    assert set(re.findall(r"--from-literal=([\w-]+)=", line)) == {Path(file).name for file in files}
    assert {place} == {str(Path(file).parent) for file in files}
    assert (0o440, pod["securityContext"]["runAsGroup"]) == (secret["defaultMode"], pod["securityContext"]["fsGroup"])


def test_the_scrape_drops_the_label_that_ours_has() -> None:
    """The operator's own label `endpoint`, the name of a port, would rename ours; `job` is what alerts join by."""
    monitor = only(KUBERNETES / "monitoring", "PodMonitor")["spec"]
    (scrape,) = monitor["podMetricsEndpoints"]
    assert {"action": "labeldrop", "regex": "endpoint"} in scrape["relabelings"]
    for workload, container in PODS:
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        assert container["name"] == labels[monitor["jobLabel"]]
        assert scrape["port"] in {port["name"] for port in container["ports"]}


def test_workers_are_scaled_by_lag_up_to_the_partitions() -> None:
    """Between the replicas that a disruption leaves room for, and one for each partition."""
    scaled = only(KUBERNETES / "autoscaling", "ScaledObject")["spec"]
    worker = only(KUBERNETES / "base", "Deployment")
    assert worker["metadata"]["name"] == scaled["scaleTargetRef"]["name"]
    assert worker["spec"]["replicas"] == scaled["minReplicaCount"] == scaled["fallback"]["replicas"]
    assert settings().topics.partitions == scaled["maxReplicaCount"]
    (trigger,) = scaled["triggers"]
    assert "registry_worker_lag" in {one.metric for one in selectors(trigger["metadata"]["query"])}


def test_the_kustomization_of_the_page_works(tmp_path: Path) -> None:
    """It brings its own configuration and image, in its namespace, and changes nothing else; with tags too."""
    (text,) = re.findall(
        r"```yaml\n# kustomization\.yaml.*\n((?:.*\n)*?)```", (ROOT / "docs" / "deploying.md").read_text()
    )
    shutil.copytree(ROOT / "deploy", tmp_path / "registry-event-bridge" / "deploy")
    text = text.replace("  # - ../", "  - ../")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "bridge.yaml").write_text("mine")
    # kubectl 1.20, Debian 12's, has another word for the same.
    (mine / "kustomization.yaml").write_text(
        text if kubectl_release() > (1, 20) else text.replace("resources:", "bases:")
    )
    rendered = resources(mine)
    assert {"registry-events"} == {one["metadata"]["namespace"] for one in rendered}
    assert {"bridge.yaml": "mine"} == only(mine, "ConfigMap")["data"]
    given = [one for folder in ("base", "monitoring", "tags") for one in resources(KUBERNETES / folder)]
    assert sorted(map(named, given)) == sorted(map(named, rendered))
    for one in rendered:
        judge(one)
        if one["kind"] in {"Deployment", "StatefulSet"}:
            (container,) = one["spec"]["template"]["spec"]["containers"]
            assert "registry.your.example/registry-event-bridge:0.1.0" == container["image"]
