"""docs/managed-kafka.md: its configurations are accepted, and its sizes of bodies fit its sizes of records."""

import re

import pytest
import yaml

from runtime.config.load import settings_from
from runtime.kafka.record_sizes import LETTER_FACTOR
from runtime.units import parse_size
from tests.kit.paths import ROOT

PAGE = (ROOT / "docs" / "managed-kafka.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ENVIRONMENT = {"KAFKA_PASSWORD": "s3cret", "KAFKA_CLIENT_SECRET": "s3cret"}
LIMITS = {"Confluent Cloud": "8MiB", "Amazon MSK Serverless": "8MiB", "Azure Event Hubs": "1046528B"}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_configuration_of_the_page_is_accepted(block: str) -> None:
    """And no secret of it is shown."""
    assert "s3cret" not in repr(settings_from(yaml.safe_load(block), ENVIRONMENT))


def test_the_connection_string_is_written_with_two_dollars() -> None:
    """So that the user's name has one."""
    kafka = {"bootstrap.servers": "127.0.0.1:9093", "sasl.username": "$$ConnectionString"}
    assert "$ConnectionString" == settings_from({"kafka": kafka}).kafka.revealed()["sasl.username"]
    assert "`$$ConnectionString`" in PAGE


@pytest.mark.parametrize(("service", "limit"), LIMITS.items())
def test_the_body_fits_the_record(service: str, limit: str) -> None:
    """Its dead letter too."""
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {service} |"))
    body = row.split("|")[3].strip(" `")
    assert LETTER_FACTOR * parse_size(body) <= parse_size(limit)
