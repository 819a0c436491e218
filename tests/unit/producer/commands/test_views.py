"""`registry-bridge views`: what comes from the configuration, and what of it is not shown."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import yaml

from producer.commands.views import views_command
from runtime.cli.running import run_command

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command on a configuration with these sections, to its exit status, output and errors."""

    def ran(*arguments: str, **sections: object) -> tuple[int, str, str]:
        file = tmp_path / "bridge.yaml"
        file.write_text(yaml.safe_dump({"kafka": {"bootstrap.servers": "kafka-1:9092,kafka-2:9092"}, **sections}))
        group = click.Group("bridge", commands=[views_command])
        monkeypatch.setattr(sys, "argv", ["registry-bridge", "views", "-c", str(file), *arguments])
        return (run_command(group, "registry-bridge"), *capsys.readouterr())

    return ran


def test_the_configuration_is_used(run: Run) -> None:
    """Topic and brokers are the configuration's; schemas come from the intake, as this machine reaches it."""
    intake = {"listen": "0.0.0.0:5060", "authorization": "none"}
    status, out, err = run("--engine", "flink", topics={"events": "eu.events"}, intake=intake)
    assert (0, "") == (status, err)
    assert "'topic' = 'eu.events'" in out
    assert "CREATE VIEW eu_events AS" in out
    assert "'kafka-1:9092,kafka-2:9092'" in out
    assert "'http://127.0.0.1:5060'" in out


def test_a_schema_registry_is_used(run: Run) -> None:
    """If there is one its address stands there, and its user does not; an option goes over both."""
    section = {"url": "https://me:secret@schemas.example.com"}
    _, out, _ = run("--engine", "clickhouse", schema_registry=section)
    assert "'https://***@schemas.example.com'" in out
    assert "secret" not in out
    _, out, _ = run("--engine", "clickhouse", "--schema-url", "http://elsewhere:1", schema_registry=section)
    assert "'http://elsewhere:1'" in out


def test_files(run: Run) -> None:
    """DuckDB reads files, and needs no topic."""
    status, out, _ = run("--engine", "duckdb", "--files", "/data/it's/*.parquet")
    assert 0 == status
    assert "read_parquet('/data/it''s/*.parquet'" in out
    assert "kafka-1" not in out


def test_a_secured_cluster(run: Run) -> None:
    """Whoever reads only what is printed is told what it has not; no secret is in it."""
    kafka = {"bootstrap.servers": "k:9093", "security.protocol": "SASL_SSL"}
    kafka |= {"sasl.mechanism": "PLAIN", "sasl.username": "me", "sasl.password": "hush"}
    status, out, err = run("--engine", "spark", kafka=kafka)
    assert 0 == status
    assert "kafka.security.protocol is set" in err
    assert "hush" not in out + err


def test_an_engine_that_is_none(run: Run) -> None:
    """It is refused with the list of those that are."""
    status, out, err = run("--engine", "sqlite")
    assert (2, "") == (status, out)
    assert "'sqlite' is not one of 'clickhouse', 'duckdb', 'flink', 'spark', 'trino'" in err
