"""Files that load: what they mean, where they are found, what is filled in."""

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.config import (
    ConfigurationError,
    KafkaSettings,
    Secret,
    Settings,
)
from runtime.config.document import parse
from runtime.config.load import find, load, settings_from
from tests.kit.configurations import KAFKA, loaded, with_endpoint
from tests.kit.paths import ROOT

PASTED = """
kafka: {bootstrap.servers: '127.0.0.1:9092'}
endpoints:
    - name: alistener
      disabled: false
      url: https://my.listener.com/event
      headers:
        Authorization: [Bearer <your token, if needed>]
      timeout: 1s
      threshold: 10
      backoff: 1s
      ignoredmediatypes:
        - application/octet-stream
      ignore:
        mediatypes:
           - application/vnd.oci.image.config.v1+json
        actions:
           - pull
    - name: other
      url: https://mylistener.example.com/event
      headers: {X-Version: [1.10, yes, 0x1F], X-One: 2}
      timeout: 500ms
      threshold: -5
      backoff: 0
      ignoredmediatypes:
"""
SAMPLE = """
kafka:                                 # any librdkafka setting passes through but those that carry the promise
  bootstrap.servers: 127.0.0.1:9092
topics:
  events: registry.events
  dead_letters: registry.dead-letters
  control: registry.control
  partitions: 12
  replication_factor: auto
  retention: 30d
schema_registry:
  url: http://127.0.0.1:8081
intake:
  listen: 127.0.0.1:5050
  path: /events
  authorization: Bearer ${INTAKE_TOKEN}
  max_body: 8MiB
worker:
  listen: 127.0.0.1:5051
  group_prefix: registry-worker
  drain: 10s
  unknown_schema: wait
endpoints:
  - name: ci
    disabled: false
    url: https://ci.example.com/hooks/registry
    headers: {Authorization: [Bearer abc]}
    timeout: 1s
    threshold: 10
    backoff: 1s
    ignoredmediatypes: [application/octet-stream]
    ignore: {mediatypes: [], actions: [pull], methods: [HEAD]}
    registries: [eu]
    repositories: ["library/*", "!library/tmp*"]
    tags: ["v*", "!*-rc*"]
    actors: ["!robot*"]
    useragents: ["!*trivy*"]
    delay: 5s
    dedupe: 10m
    start: new
    concurrency: 64
    ordering: repository
    batch: {max_events: 1, linger: 0s}
    format: registry
    attempts: 10
    reject_statuses: [400, 405, 406, 409, 411, 413, 414, 415, 422, 431, 501, 505]
    max_backoff: 5m
    signing: {secrets: ["whsec_..."]}
    tls: {ca: file, cert: file, key: file, verify: true}
    proxy: http://127.0.0.1:3128
    rate_limit: 100
"""


def test_the_least_file_has_every_default(tmp_path: Path) -> None:
    """Brokers are all that a file must say."""
    assert Settings(kafka=KafkaSettings(bootstrap_servers="a:1")) == loaded(
        tmp_path, "kafka: {bootstrap.servers: 'a:1'}"
    )


def test_a_registrys_endpoints_load_as_they_are(tmp_path: Path) -> None:
    """The registry's own documentation can be pasted: same keys, same defaults, values of 0 and less the default."""
    first, second = loaded(tmp_path, PASTED).endpoints

    assert (first.name, first.url, first.disabled) == ("alistener", "https://my.listener.com/event", False)
    assert first.headers == (("Authorization", Secret("Bearer <your token")), ("Authorization", Secret("if needed>")))
    assert {"application/octet-stream", "application/vnd.oci.image.config.v1+json"} == first.ignored_media_types
    assert {"pull"} == first.ignored_actions
    assert (second.timeout_s, second.threshold, second.backoff_s, second.max_backoff_s) == (0.5, 10, 1.0, 300.0)
    assert [value.reveal() for _, value in second.headers] == ["1.10", "yes", "0x1F", "2"]
    assert frozenset() == second.ignored_media_types


def test_every_key_of_the_designs_sample_is_known(tmp_path: Path) -> None:
    """The documented sample is refused for its placeholders alone."""
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, SAMPLE, {"INTAKE_TOKEN": "t"})

    assert refused.value.faults == (
        "endpoints[0].signing.secrets[0]: *** is not a signing secret: whsec_ and base64 of 24 to 64 bytes",
        *(f'endpoints[0].tls.{key}: "file" cannot be read: No such file or directory' for key in ("ca", "cert", "key")),
    )


def test_the_designs_sample_loads_with_real_files(tmp_path: Path) -> None:
    """With its placeholders filled in, the documented sample loads whole, and most of it is the default."""
    (tmp_path / "file").write_text("-----BEGIN CERTIFICATE-----\n")
    text = SAMPLE.replace("whsec_...", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")

    settings = loaded(tmp_path, text, {"INTAKE_TOKEN": "t"})
    endpoint = settings.endpoints[0]

    assert (Secret("Bearer t"),) == settings.intake.authorization
    assert settings.schema_registry is not None
    assert settings.schema_registry.url == "http://127.0.0.1:8081"
    assert endpoint.tls.ca == tmp_path / "file"
    assert endpoint.signing is not None
    assert (Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"),) == endpoint.signing.secrets
    assert (100.0, Secret("http://127.0.0.1:3128")) == (endpoint.rate_limit, endpoint.proxy)
    default = with_endpoint().endpoints[0]
    for name in ("timeout_s", "threshold", "backoff_s", "max_backoff_s", "concurrency", "ordering", "batch", "format"):
        assert getattr(default, name) == getattr(endpoint, name), name
    assert (default.attempts, default.reject_statuses, default.start) == (
        endpoint.attempts,
        endpoint.reject_statuses,
        endpoint.start,
    )


def test_the_example_loads_without_an_environment() -> None:
    """The file that users copy is valid as it is, in this version."""
    settings = load(ROOT / "bridge.example.yaml", {})

    assert [endpoint.name for endpoint in settings.endpoints] == ["ci", "production-tags"]
    assert settings.intake.is_open
    assert settings.topics == Settings(kafka=settings.kafka).topics
    assert settings.worker == Settings(kafka=settings.kafka).worker


def test_the_example_shows_every_available_key() -> None:
    """A key that this version takes has its line in the example."""
    text = (ROOT / "bridge.example.yaml").read_text(encoding="utf-8")
    tree = parse(text, "example")
    sample = parse(SAMPLE, "sample")
    endpoints = tree["endpoints"]
    assert isinstance(endpoints, list)
    shown = set(itertools.chain.from_iterable(e for e in endpoints if isinstance(e, dict)))
    optional = set(re.findall(r"^    # (\w+): ", text, re.MULTILINE))
    documented = sample["endpoints"]
    assert isinstance(documented, list)
    assert isinstance(documented[0], dict)

    assert set(documented[0]) - {"ignoredmediatypes"} == shown | optional
    assert optional == {"signing", "tls", "proxy", "rate_limit"}  # on only with values that no example can know
    for section in ("topics", "intake", "worker"):
        theirs, ours = tree[section], sample[section]
        assert isinstance(theirs, dict)
        assert isinstance(ours, dict)
        assert list(ours) == list(theirs)


@pytest.mark.parametrize(
    ("option", "environ", "expected"),
    [
        (Path("a.yaml"), {"REGISTRY_BRIDGE_CONFIG": "b.yaml"}, Path("a.yaml")),
        (None, {"REGISTRY_BRIDGE_CONFIG": "b.yaml"}, Path("b.yaml")),
        (None, {"REGISTRY_BRIDGE_CONFIG": ""}, Path("bridge.yaml")),
        (None, {}, Path("bridge.yaml")),
    ],
)
def test_the_file_is_found(option: Path | None, environ: Mapping[str, str], expected: Path) -> None:
    """`-c` is before the environment, which is before ./bridge.yaml."""
    assert expected == find(option, environ)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    """Who has no configuration is told how to name or make one."""
    path = tmp_path / "nowhere.yaml"

    with pytest.raises(ConfigurationError) as refused:
        load(None, {"REGISTRY_BRIDGE_CONFIG": str(path)})

    advice = "use -c FILE or REGISTRY_BRIDGE_CONFIG, or create one: registry-bridge example > bridge.yaml"
    assert (f"no configuration: {path} does not exist; {advice}",) == refused.value.faults


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """What cannot be read is named with the system's reason."""
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, {})

    assert (f"no configuration: {tmp_path} cannot be read: Is a directory",) == refused.value.faults


def test_a_pasted_long_backoff_needs_no_max_backoff() -> None:
    """A backoff above the default of max_backoff is its own end."""
    endpoint = with_endpoint(backoff="10m").endpoints[0]

    assert (endpoint.backoff_s, endpoint.max_backoff_s) == (600.0, 600.0)


@pytest.mark.parametrize(
    ("name", "written", "librdkafka"),
    [
        ("check.crcs", True, "true"),
        ("check.crcs", False, "false"),
        ("linger.ms", 5, "5"),
        ("linger.ms", 0.5, "0.5"),
        ("compression.type", "zstd", "zstd"),
    ],
)
def test_kafka_settings_pass_through_as_text(name: str, written: object, librdkafka: str) -> None:
    """Scalars reach librdkafka as it writes them itself."""
    settings = settings_from({"kafka": {**KAFKA, name: written}})

    assert librdkafka == settings.kafka.revealed()[name]


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_the_group_protocol_can_be_chosen(protocol: str) -> None:
    """Brokers before 4.0 need the classic protocol."""
    assert (
        protocol == settings_from({"kafka": {**KAFKA, "group.protocol": protocol}}).kafka.revealed()["group.protocol"]
    )


@pytest.mark.parametrize(
    ("authorization", "is_open", "values"),
    [("none", True, []), ("Bearer a", False, ["Bearer a"]), (["Bearer a", "Basic b"], False, ["Bearer a", "Basic b"])],
)
def test_an_open_intake_says_so(authorization: object, is_open: bool, values: list[str]) -> None:  # noqa: FBT001
    """An address that others reach takes authorization, several values while rotating, or an outspoken none."""
    intake = settings_from(
        {"kafka": KAFKA, "intake": {"listen": "0.0.0.0:5050", "authorization": authorization}}
    ).intake

    assert (is_open, values) == (intake.is_open, [value.reveal() for value in intake.authorization])
    worker = settings_from({"kafka": KAFKA, "worker": {"authorization": authorization}}).worker
    assert (is_open, values) == (worker.is_open, [value.reveal() for value in worker.authorization])


def test_a_worker_that_others_reach_needs_no_authorization_to_start() -> None:
    """Its pages can be read; what acts on an endpoint is refused there until the key is set."""
    worker = settings_from({"kafka": KAFKA, "worker": {"listen": "0.0.0.0:5051"}}).worker
    assert (False, ()) == (worker.is_open, worker.authorization)


@pytest.mark.parametrize("key", ["intake", "topics", "worker", "endpoints", "schema_registry"])
def test_an_empty_section_is_an_absent_one(key: str) -> None:
    """A key whose lines are all commented out is as if it were not there."""
    assert Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:9092")) == settings_from(
        {"kafka": KAFKA, key: None}
    )
