"""docker-compose.yml and the Dockerfile, held against the commands, the configuration and the local broker."""

import re
import shlex
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from broker import NEWEST
from broker.node import Node
from broker.storage import SETTINGS
from consumer.cli import commands as worker_commands
from producer.cli import commands as bridge_commands
from runtime.config import Settings
from runtime.config.load import load
from runtime.deadline import CLOSE_GRACE_S
from runtime.last_resort import GRACE_S
from tests.kit.dockerfile import is_sent, stages
from tests.kit.paths import ROOT

TOKEN = "s3cret"
CONFIG = "/etc/registry-bridge/bridge.yaml"
REFERENCE = re.compile(r"\$\{(\w+):([-?])([^}]*)\}")
THREE_BROKERS = ROOT / "examples" / "compose" / "three-brokers.env"
PROFILE = "three-brokers"
TAGS = "tags"
"""The profile that adds a service, whatever else runs."""
# What a broker in a container has otherwise than the local one, which listens on the loopback and is made to be light.
PLACE = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}


def variables(file: Path | None = None) -> dict[str, str]:
    """What Compose is given: the token, and the variables of a file."""
    lines = [line for line in (file.read_text("utf-8").splitlines() if file else ()) if not line.startswith("#")]
    return {"INTAKE_TOKEN": TOKEN, **dict(line.split("=", 1) for line in lines)}


@cache
def services(file: Path | None = None) -> Mapping[str, Any]:
    """The services of the Compose file that run with these variables, filled in as Compose does."""
    given = variables(file)

    def value(reference: re.Match[str]) -> str:
        name, kind, default = reference.groups()
        assert kind == "-" or name in given, name
        return given.get(name) or default

    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    filled = REFERENCE.sub(value, "\n".join(line.partition(" #")[0] for line in text.splitlines()))
    assert "${" not in filled
    profiles = given.get("COMPOSE_PROFILES", "").split(",")
    found = yaml.safe_load(filled)["services"]
    assert isinstance(found, dict)
    return {name: one for name, one in found.items() if not {*one.get("profiles", ())} - {*profiles, TAGS}}


def brokers(file: Path | None = None) -> dict[str, dict[str, str]]:
    """The settings of each broker, by the image's rule for names."""
    return {
        name: {
            variable.removeprefix("KAFKA_").lower().replace("_", "."): value
            for variable, value in one["environment"].items()
            if variable.startswith("KAFKA_")
        }
        for name, one in services(file).items()
        if name.startswith("kafka")
    }


def mounts(service: str) -> dict[str, str]:
    """What a service mounts: the place in the container to the place outside."""
    return {inside: outside for outside, inside, *_ in (volume.split(":") for volume in services()[service]["volumes"])}


def settings_of(service: str, file: Path | None = None) -> Settings:
    """The configuration that a service finds, read as it would read it."""
    return load(ROOT / mounts(service)[CONFIG], services(file)[service]["environment"])


@pytest.mark.parametrize("service", ["intake", "worker", "materialize"])
def test_the_mounted_configuration_loads(service: str) -> None:
    """The configuration that a service mounts is one that the bridge takes, with the environment it is given."""
    settings = settings_of(service)
    assert settings.kafka.bootstrap_servers == "kafka:9092"
    assert [secret.reveal() for secret in settings.intake.authorization] == [f"Bearer {TOKEN}"]


def test_all_commands_read_the_same_file() -> None:
    """They are given one configuration."""
    assert settings_of("intake") == settings_of("worker") == settings_of("materialize")


def test_what_keeps_tags_is_asked_for_and_probed_where_it_listens() -> None:
    """Only with its profile; the configuration names its topic, and nothing outside reaches its port."""
    keeper = services()["materialize"]
    program, command, option, address = keeper["command"]
    assert ("registry-worker", True, "--listen") == (program, command in worker_commands.commands, option)
    assert f"http://{address}/readyz" in keeper["healthcheck"]["test"][-1]
    assert ([TAGS], False) == (keeper["profiles"], "ports" in keeper)
    assert settings_of("materialize").topics.tags


@pytest.mark.parametrize(
    ("service", "program", "commands"),
    [("intake", "registry-bridge", bridge_commands), ("worker", "registry-worker", worker_commands)],
)
def test_services_run_commands_that_exist(service: str, program: str, commands: Any) -> None:
    """What a service runs is one of our commands."""
    ran, command, *rest = services()[service]["command"]
    assert (program, True, []) == (ran, command in commands.commands, rest)


def test_published_ports_are_those_listened_on() -> None:
    """Each service publishes, on the loopback alone, and probes the port that its configuration listens on."""
    for service, address in (
        ("intake", settings_of("intake").intake.listen),
        ("worker", settings_of("worker").worker.listen),
    ):
        assert services()[service]["ports"] == [f"127.0.0.1:{address.port}:{address.port}"]
        assert f"http://127.0.0.1:{address.port}/readyz" in services()[service]["healthcheck"]["test"][-1]
        assert not address.is_loopback


@pytest.mark.parametrize("service", ["intake", "worker", "materialize"])
def test_services_have_time_to_drain(service: str) -> None:
    """Compose kills none before its drain is over, and the time after which a stuck process ends itself."""
    given = int(services()[service]["stop_grace_period"].removesuffix("s"))
    settings = settings_of(service)
    drain_s = max(settings.worker.drain_s, *map(settings.worker.drain_of, settings.endpoints))
    assert given > drain_s + CLOSE_GRACE_S + GRACE_S


@pytest.mark.parametrize("service", ["intake", "worker", "materialize"])
def test_services_are_confined(service: str) -> None:
    """A root that cannot be written but for /tmp, no capabilities, no way to more rights."""
    found = services()[service]
    confined = (found["read_only"], found["tmpfs"], found["cap_drop"], found["security_opt"])
    assert (True, ["/tmp"], ["ALL"], ["no-new-privileges:true"]) == confined


def test_the_registry_notifies_the_intake() -> None:
    """The registry's endpoint is the intake, with the label and the token that it wants."""
    [endpoint] = yaml.safe_load(services()["registry"]["environment"]["REGISTRY_NOTIFICATIONS_ENDPOINTS"])
    intake, url = settings_of("intake").intake, urlsplit(endpoint["url"])
    assert (url.hostname, url.port) == ("intake", intake.listen.port)
    assert url.path == f"{intake.path}/compose"
    assert endpoint["headers"]["Authorization"] == [secret.reveal() for secret in intake.authorization]


def test_the_endpoint_is_the_sample_endpoint() -> None:
    """The configured endpoint is the service that runs the example which is mounted."""
    [endpoint] = settings_of("worker").endpoints
    url = urlsplit(endpoint.url)
    python, script, option, address = services()["endpoint"]["command"]
    assert (url.hostname, f"0.0.0.0:{url.port}") == ("endpoint", address)
    assert (python, option) == ("python", "--listen")
    assert (ROOT / mounts("endpoint")[script]).is_file()


def test_the_broker_has_the_local_brokers_settings() -> None:
    """Each setting of Compose's broker is the local broker's, by the image's rule for names, but for its place."""
    (found,) = brokers().values()
    local = {**SETTINGS, **Node().settings(9092, 9093)}
    assert found.keys() >= PLACE
    assert found.keys() - local.keys() <= PLACE
    shared = (found.keys() & local.keys()) - PLACE
    assert {name: local[name] for name in shared} == {name: found[name] for name in shared}
    assert {"offsets.retention.minutes", "group.consumer.session.timeout.ms", "auto.create.topics.enable"} <= shared


def test_three_brokers_are_one_cluster() -> None:
    """Each votes, is found under its own name, and keeps its data; two of three copies must be written."""
    found = brokers(THREE_BROKERS)
    assert ["kafka", "kafka-2", "kafka-3"] == list(found)
    voters = ",".join(f"{number}@{name}:9093" for number, name in enumerate(found, 1))
    for number, (name, settings) in enumerate(found.items(), 1):
        assert (str(number), voters) == (settings["node.id"], settings["controller.quorum.voters"])
        assert f"CLIENT://{name}:9092" == settings["advertised.listeners"]
        service = services(THREE_BROKERS)[name]
        assert [f"{name}:{settings['log.dirs']}"] == service["volumes"]
        assert service["environment"]["CLUSTER_ID"] == services()["kafka"]["environment"]["CLUSTER_ID"]
        copies = {value for key, value in settings.items() if key.endswith("replication.factor")}
        in_sync = {value for key, value in settings.items() if key.endswith("min.isr")}
        assert ({"3"}, {"2"}) == (copies, in_sync)
    own = {"node.id", "advertised.listeners"}
    assert 1 == len({tuple(sorted((k, v) for k, v in one.items() if k not in own)) for one in found.values()})


def test_three_brokers_keep_three_copies_of_the_topics() -> None:
    """Whichever of them the bridge sees first; the other services are the same."""
    settings = settings_of("intake", THREE_BROKERS)
    assert (3, None) == (settings.topics.replication_factor, settings_of("intake").topics.replication_factor)
    assert [f"{name}:9092" for name in brokers(THREE_BROKERS)] == settings.kafka.bootstrap_servers.split(",")
    assert {"kafka-2", "kafka-3"} == services(THREE_BROKERS).keys() - services().keys()
    assert {PROFILE} == {one for name in ("kafka-2", "kafka-3") for one in services(THREE_BROKERS)[name]["profiles"]}


def test_a_broker_is_the_tested_one() -> None:
    """Compose runs the release of Kafka that the tests run on, with its data on a volume."""
    for name in brokers(THREE_BROKERS):
        assert services(THREE_BROKERS)[name]["image"] == f"apache/kafka:{NEWEST.version}"
    assert mounts("kafka")[services()["kafka"]["environment"]["KAFKA_LOG_DIRS"]] == "kafka"


def test_the_image_runs_a_command_as_nobody_in_particular() -> None:
    """The image's default command exists, reads the file that Compose mounts, and does not run as root."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    [command] = re.findall(r"^CMD \[(.+)\]$", text, re.MULTILINE)
    assert shlex.split(command.replace(",", "")) == ["registry-bridge", "serve"]
    assert f"REGISTRY_BRIDGE_CONFIG={CONFIG}" in text
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)


def test_the_image_is_built_from_what_is_sent() -> None:
    """Everything that the Dockerfile copies from the folder is let through by .dockerignore, and the wheel is whole."""
    copies = [one.words for stage in stages().values() for one in stage.all("COPY")]
    wanted = {word for words in copies if not words[0].startswith("--from") for word in words[:-1] if word[0] != "-"}
    assert [] == [name for name in wanted if not is_sent(name) or not (ROOT / name).exists()]
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= wanted, "the wheel has it, and the image is built of that"
