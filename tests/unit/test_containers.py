"""docker-compose.yml and the Dockerfile, held against the commands, the configuration and the local broker."""

import re
import shlex
import tomllib
from collections.abc import Mapping
from functools import cache
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
from tests.kit.paths import ROOT

TOKEN = "s3cret"
CONFIG = "/etc/registry-bridge/bridge.yaml"
REFERENCE = re.compile(r"\$\{INTAKE_TOKEN:\?[^}]*\}")
# What a broker in a container has otherwise than the local one, which listens on the loopback and is made to be light.
PLACE = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}


@cache
def services() -> Mapping[str, Any]:
    """The Compose file's services, with the one variable it asks for filled in as Compose does."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    filled = REFERENCE.sub(TOKEN, "\n".join(line.partition(" #")[0] for line in text.splitlines()))
    assert "${" not in filled
    found = yaml.safe_load(filled)["services"]
    assert isinstance(found, dict)
    return found


def mounts(service: str) -> dict[str, str]:
    """What a service mounts: the place in the container to the place outside."""
    return {inside: outside for outside, inside, *_ in (volume.split(":") for volume in services()[service]["volumes"])}


def settings_of(service: str) -> Settings:
    """The configuration that a service finds, read as it would read it."""
    return load(ROOT / mounts(service)[CONFIG], services()[service]["environment"])


@pytest.mark.parametrize("service", ["intake", "worker"])
def test_the_mounted_configuration_loads(service: str) -> None:
    """The configuration that a service mounts is one that the bridge takes, with the environment it is given."""
    settings = settings_of(service)
    assert settings.kafka.bootstrap_servers == "kafka:9092"
    assert [secret.reveal() for secret in settings.intake.authorization] == [f"Bearer {TOKEN}"]


def test_both_commands_read_the_same_file() -> None:
    """Intake and worker are given one configuration."""
    assert settings_of("intake") == settings_of("worker")


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


def test_services_have_time_to_drain() -> None:
    """Compose kills no worker before its drain is over."""
    given = int(services()["worker"]["stop_grace_period"].removesuffix("s"))
    settings = settings_of("worker")
    assert given > max(settings.worker.drain_s, *(endpoint.timeout_s + 1 for endpoint in settings.endpoints))


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
    environment = services()["kafka"]["environment"]
    found = {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in environment.items()}
    local = {**SETTINGS, **Node().settings(9092, 9093)}
    assert found.keys() >= PLACE
    assert found.keys() - local.keys() <= PLACE
    shared = (found.keys() & local.keys()) - PLACE
    assert {name: local[name] for name in shared} == {name: found[name] for name in shared}
    assert {"offsets.retention.minutes", "group.consumer.session.timeout.ms", "auto.create.topics.enable"} <= shared


def test_the_broker_is_the_tested_one() -> None:
    """Compose runs the release of Kafka that the tests run on, with its data on a volume."""
    assert services()["kafka"]["image"] == f"apache/kafka:{NEWEST.version}"
    assert mounts("kafka")[services()["kafka"]["environment"]["KAFKA_LOG_DIRS"]] == "kafka"


def test_the_image_runs_a_command_as_nobody_in_particular() -> None:
    """The image's default command exists, reads the file that Compose mounts, and does not run as root."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    [command] = re.findall(r"^CMD \[(.+)\]$", text, re.MULTILINE)
    assert shlex.split(command.replace(",", "")) == ["registry-bridge", "serve"]
    assert f"REGISTRY_BRIDGE_CONFIG={CONFIG}" in text
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)


def test_the_image_is_built_from_what_is_sent() -> None:
    """Everything that the Dockerfile copies from the folder is let through by .dockerignore."""
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    wanted = [name for names in copied for name in names.split()]
    assert [name for name in wanted if f"!{name}" not in sent] == []
    assert [name for name in wanted if not (ROOT / name).exists()] == []
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"]} <= set(wanted), (
        "the wheel has it, and the image is built of that"
    )
