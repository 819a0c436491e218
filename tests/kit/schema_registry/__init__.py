"""Confluent's Schema Registry API in this process, as its reference and source have it, with faults to switch on.

The routes that the bridge needs, for Avro without references. tests/contract proves it against a real registry; the
real one is in tests.kit.apicurio.
"""

from tests.kit.schema_registry.errors import (
    RestError,
    incompatible,
    invalid_schema,
    schema_not_found,
    subject_not_found,
    unauthorized,
    unavailable,
)
from tests.kit.schema_registry.server import SchemaRegistry, basic

__all__ = [
    "RestError",
    "SchemaRegistry",
    "basic",
    "incompatible",
    "invalid_schema",
    "schema_not_found",
    "subject_not_found",
    "unauthorized",
    "unavailable",
]
