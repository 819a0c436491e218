"""The way from a file to `Settings`: the only file here that opens one."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from runtime.config.crosschecks import impatient, is_intake, outlived, shared_topic
from runtime.config.document import LONGEST_FILE, Node, as_node, parse
from runtime.config.endpoint_section import GITLAB, OF_REQUESTS, read_endpoint
from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.faults import ConfigurationError, RefusedValue
from runtime.config.interpolation import Sources
from runtime.config.kafka_section import BOOTSTRAP, read_kafka
from runtime.config.kafka_trial import trial_faults
from runtime.config.listener_trial import listener_faults
from runtime.config.pasted import PASTED_BLOCK, what_to_do
from runtime.config.reading import Reading, Section, Value, show_url
from runtime.config.regular_files import read_regular
from runtime.config.sections import read_intake, read_schema_registry, read_topics, read_tracing, read_worker
from runtime.config.settings import (
    IntakeSettings,
    KafkaSettings,
    Settings,
    TopicSettings,
    TracingSettings,
    WorkerSettings,
)
from runtime.config.shape import Shaped, array

VARIABLE: Final = "REGISTRY_BRIDGE_CONFIG"
"""Environment variable that names the file where `-c` does not."""
DEFAULT_FILE: Final = Path("bridge.yaml")
"""Read from the working directory where neither names one."""
_BEGIN: Final = "registry-bridge example > bridge.yaml"

_ABSENT: Final = {"type": "null"}
_HAS_URL: Final = {
    "required": ["url"],
    "properties": {"url": {"minLength": 1, "type": "string"}, "sink": _ABSENT, "options": _ABSENT},
}
_HAS_SINK: Final = {
    "required": ["sink"],
    "properties": {"sink": {"minLength": 1, "type": "string"}, **dict.fromkeys(("url", *OF_REQUESTS), _ABSENT)},
}
_ENDPOINT: Final = {"of": read_endpoint, "anyOf": [_HAS_URL, _HAS_SINK, {"required": ["disabled"]}]}
"""An endpoint's shape: a URL or a sink; a disabled one needs neither."""
Trial = Callable[[KafkaSettings, IntakeSettings, WorkerSettings], list[str]]


_NOT_ONLY_DOTS: Final = "and not only in . and _, which Kafka treats as the same"


def _no_trial(_kafka: KafkaSettings, _intake: IntakeSettings, _worker: WorkerSettings) -> list[str]:
    return []


def _trial(kafka: KafkaSettings, intake: IntakeSettings, worker: WorkerSettings) -> list[str]:
    listeners = {"intake.tls": intake.tls, "worker.tls": worker.tls}
    return [*trial_faults(kafka, intake), *listener_faults(listeners)]


def find(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Return `-c FILE`, else `$REGISTRY_BRIDGE_CONFIG`, else `./bridge.yaml`; does not look whether it is there."""
    if option is not None:
        return option
    named = environ.get(VARIABLE)
    return Path(named) if named else DEFAULT_FILE


class ConfigurationFile:
    """The file of one process, which may be loaded again: after each change it is another configuration."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        """Nothing is read yet."""
        self._path: Final = path
        self._environ: Final = environ
        self.files = frozenset({path})
        """This file, and all that it has named and whose content is part of the settings."""

    def load(self) -> Settings:
        """Read, interpolate and validate it. Blocks.

        Raises:
            ConfigurationError: with every fault found, or with the one for which the file cannot be read at all.
        """
        path = self._path
        try:
            text = read_whole(path)
        except UnicodeDecodeError as error:
            raise ConfigurationError([f"{path}: is not UTF-8 (byte {error.start})"]) from None
        except OSError as error:
            raise ConfigurationError([_unreadable(path, error)]) from None
        sources = Sources(environ=self._environ, folder=path.parent, read=self._read)
        return settings_of(parse(text, str(path)), sources, _trial)

    def _read(self, path: Path) -> str:
        self.files |= {path}
        return read_regular(path)


def load(option: Path | None, environ: Mapping[str, str]) -> Settings:
    """Find, read, interpolate and validate the configuration file; `option` is what `-c` names, if anything.

    Raises:
        ConfigurationError: see `ConfigurationFile.load`.
    """
    return ConfigurationFile(find(option, environ), environ).load()


def settings_from(mapping: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Validate plain Python values as if they stood in a file; reads no file, so those that Kafka's keys name neither.

    Raises:
        ConfigurationError: with every fault found.
    """
    tree = {str(key): as_node(value) for key, value in mapping.items()}
    return settings_of(tree, Sources(environ=environ or {}))


def settings_of(tree: dict[str, Node], sources: Sources, trial: Trial = _no_trial) -> Settings:
    """Validate a parsed file; `trial` says what sections as a whole are refused for.

    Raises:
        ConfigurationError: with every fault found, in the order of the design's sample.
    """
    reading = Reading(sources)
    settings = read_file(Value(tree, "", reading), trial)
    if reading.faults or settings is None:
        raise ConfigurationError(reading.faults)
    return settings


def read_file(value: Value, trial: Trial = _no_trial) -> Settings | None:
    """Read the whole; what is faulty is recorded and stands at its default. None if there are no brokers."""
    root, reading = Section(value), value.reading
    kafka = root.require("kafka", read_kafka, f"write at least kafka: {{{BOOTSTRAP}: 127.0.0.1:9092}}")
    topics = root.read("topics", read_topics, TopicSettings())
    schema_registry = root.read("schema_registry", read_schema_registry, None)
    intake = root.read("intake", read_intake, IntakeSettings())
    worker = root.read("worker", read_worker, WorkerSettings())
    tracing = root.read("tracing", read_tracing, TracingSettings())
    endpoints = root.read("endpoints", Shaped(partial(_endpoints, intake=intake), array(_ENDPOINT)), ())
    root.close({**what_to_do(root.keys), **GITLAB})
    if kafka is not None:
        reading.faults[:0] = trial(kafka, intake, worker)
        reading.faults.extend(impatient(kafka, worker, endpoints))
    reading.faults.extend(outlived(topics, endpoints))
    if worker.attempts is not None and (key := shared_topic(worker.attempts, topics)):
        reading.faults.append(f"worker.attempts.topic: must differ from {key}, {_NOT_ONLY_DOTS}")
    if kafka is None:
        return None
    return Settings(
        kafka=kafka,
        topics=topics,
        schema_registry=schema_registry,
        intake=intake,
        worker=worker,
        tracing=tracing,
        endpoints=tuple(one if one.sink else replace(one, networks=worker.networks) for one in endpoints),
        warnings=tuple(reading.warnings),
    )


def _endpoints(value: Value, *, intake: IntakeSettings) -> tuple[EndpointSettings, ...]:
    if isinstance(value.node, dict) and "endpoints" in value.node:
        value.fail(PASTED_BLOCK)
    endpoints: list[EndpointSettings] = []
    paths: dict[str, str] = {}
    for item in value.items():
        try:
            endpoint = read_endpoint(item)
        except RefusedValue:
            continue
        endpoints.append(endpoint)
        if paths.setdefault(endpoint.name, item.path) != item.path:
            item.at("name").note(f"is the name of {paths[endpoint.name]} too; names are unique")
        if is_intake(endpoint, intake):
            item.at("url").shown_by(show_url).note("is the address of this intake: each event would come back for ever")
    return tuple(endpoints)


def read_whole(path: Path) -> str:
    """Read a text file, as far as a configuration may be long.

    Raises:
        OSError: it is not there, or not readable.
        UnicodeDecodeError: it is not UTF-8.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        return file.read(LONGEST_FILE + 1)  # so that /dev/zero ends too; what takes the text judges its length


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"no configuration: {path} does not exist; use -c FILE or {VARIABLE}, or create one: {_BEGIN}"
    return f"no configuration: {path} cannot be read: {error.strerror or os.strerror(error.errno or 0)}"
