"""The configuration of both commands: one YAML file to typed, frozen settings, or every fault in it at once."""

from runtime.config.addresses import Address, parse_address
from runtime.config.differences import differences
from runtime.config.endpoint_settings import BatchSettings, EndpointSettings, SigningSettings, TLSSettings
from runtime.config.faults import ConfigurationError
from runtime.config.load import find, load, settings_from
from runtime.config.overrides import with_intake_listen, with_worker_listen
from runtime.config.secrets import Secret, masked_url
from runtime.config.settings import (
    IntakeSettings,
    KafkaSettings,
    SchemaRegistrySettings,
    Settings,
    TopicSettings,
    WorkerSettings,
)
from runtime.config.start import Ago, At, Beginning, End, New, Start, parse_rfc3339, parse_start

__all__ = [
    "Address",
    "Ago",
    "At",
    "BatchSettings",
    "Beginning",
    "ConfigurationError",
    "End",
    "EndpointSettings",
    "IntakeSettings",
    "KafkaSettings",
    "New",
    "SchemaRegistrySettings",
    "Secret",
    "Settings",
    "SigningSettings",
    "Start",
    "TLSSettings",
    "TopicSettings",
    "WorkerSettings",
    "differences",
    "find",
    "load",
    "masked_url",
    "parse_address",
    "parse_rfc3339",
    "parse_start",
    "settings_from",
    "with_intake_listen",
    "with_worker_listen",
]
