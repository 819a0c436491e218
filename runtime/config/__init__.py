"""The configuration of both commands: one YAML file in, typed and frozen settings out, or every fault in it at once.

The settings' types are named here; they know no YAML, no Kafka client and no thread, so that pure code may name them.
What reads a file is imported from its own module: `load` and `settings_from` in `load.py`, what a command line changes
in `overrides.py`, how delivery differs from the registry's in `differences.py`. Nothing here connects to anything.
"""

from runtime.config.addresses import Address, parse_address
from runtime.config.endpoint_settings import BatchSettings, EndpointSettings, SigningSettings, TLSSettings
from runtime.config.faults import ConfigurationError
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
    "masked_url",
    "parse_address",
    "parse_rfc3339",
    "parse_start",
]
