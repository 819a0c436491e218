"""`registry-bridge`: serve, init, check; `commands/` has the others.

Reads arguments, calls the parts, prints; nothing is decided here.
"""

import asyncio
from collections.abc import Awaitable
from itertools import chain
from typing import Final, NoReturn

import click

from producer.check.against import changes_at
from producer.check.check import check_installation, check_settings
from producer.check.findings import Finding, Severity, exit_code_of, summary_of, worst_last
from producer.commands.example import example_command
from producer.commands.publish import publish_command
from producer.commands.views import views_command
from producer.intake.doors import OwnDoor
from producer.intake.processes import serve_in_processes
from producer.intake.service import CLIENT_ID, serve
from producer.preparation import prepare
from producer.schema_registration import Registration, registration_of
from runtime.cli.leaving import leave
from runtime.cli.options import (
    AddressType,
    common_options,
    configuration_file,
    log_options,
    processes_option,
    watch_option,
)
from runtime.cli.running import run_command, run_reloadable
from runtime.cli.terminal import printable
from runtime.cli.worker_url import WorkerAddress, WorkerURLType
from runtime.clock import SystemClock
from runtime.config import Address, Settings
from runtime.config.overrides import IntakeConfiguration, with_intake_listen
from runtime.counts import counted
from runtime.http.server_tls import server_tls
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from runtime.kafka.topics import ensure_attempts, ensure_control, ensure_tags, size_shortfalls
from runtime.news import News
from runtime.reloading.file_reloads import FileReloads
from runtime.schema_registry import SchemaRegistry
from runtime.tracing.opening import require_tracing

_PROGRAM: Final = "registry-bridge"
_PREFIX: Final = "registry_bridge"
"""Of metrics."""
_COLOURS: Final = {Severity.OK: "green", Severity.NOTE: "cyan", Severity.WARNING: "yellow", Severity.WRONG: "red"}


@click.group(
    commands=[example_command, publish_command, views_command], context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="registry-event-bridge", prog_name=_PROGRAM)
def commands() -> None:
    """Receives a registry's notifications and answers 200 only after Kafka has stored them."""


@commands.command("serve", epilog="Example: registry-bridge serve -c bridge.yaml --listen 127.0.0.1:5050")
@common_options
@click.option(
    "--listen", type=AddressType(), help="Where to listen, instead of intake.listen; port 0 picks a free one."
)
@processes_option
@watch_option
def serve_command(settings: Settings, listen: Address | None, processes: int, *, watch_config: bool) -> int:
    """Receive the POSTs of registries (the intake).

    SIGHUP reloads the configuration: intake.authorization, intake.sources, new endpoints and the files of intake.tls
    are taken at once, all else at a restart.
    """
    configuration = IntakeConfiguration(configuration_file(), listen)
    if listen is not None:
        settings = with_intake_listen(settings, listen)
    require_tracing(settings.tracing)
    if processes > 1 and settings.intake.spool is not None:
        raise click.UsageError(
            "--processes: intake.spool keeps the events of a repository in order only within one process; "
            "leave out --processes, or remove intake.spool from the configuration"
        )
    logs = log_options()

    def service(stop: asyncio.Event, asked: asyncio.Event) -> Awaitable[int]:
        reloads = FileReloads(configuration, asked, prefix=_PREFIX, watches=watch_config, clock=SystemClock())
        if processes == 1:
            return serve(settings, stop, OwnDoor(settings.intake.listen, server_tls(settings.intake.tls)), reloads)
        return serve_in_processes(settings, stop, reloads, processes=processes, logs=logs)

    return run_reloadable(service)


@commands.command("init", epilog="Example: registry-bridge init -c bridge.yaml")
@common_options
def init_command(settings: Settings) -> int:
    """Create missing topics and register new endpoints.

    If the cluster limits the size of records, the topics take what it allows, and the command says what
    intake.max_body must then be. With `schema_registry` it also registers the schema of events there.
    """
    admin = _admin(settings)
    partitions = prepare(admin, _groups(settings), settings, _registration(settings), News())
    ensure_control(admin, settings)
    ensure_attempts(admin, settings)
    ensure_tags(admin, settings)
    for sentence in size_shortfalls(admin, settings):
        click.echo(sentence)
    click.echo(
        f"topic {settings.topics.events} exists, with {counted(partitions, 'partition')}; {_registered(settings)}"
    )
    return 0


@commands.command("check", epilog="Example: registry-bridge check -c bridge.yaml")
@common_options
@click.option(
    "--offline", is_flag=True, help="Run only the checks that need neither Kafka nor a network; exit 2 on a fault."
)
@click.option(
    "--against",
    metavar="URL",
    type=WorkerURLType(),
    help="Also say what a reload of this file would change at the running worker that listens there.",
)
def check_command(settings: Settings, *, offline: bool, against: WorkerAddress | None) -> int:
    """Check the configuration, Kafka and every endpoint.

    Validates the configuration, connects to Kafka and to every endpoint's address, and shows which settings are not
    fit for production and, unless other sources alone are configured, where endpoints behave differently from a
    registry's own. Warnings and then faults stand at the end; the last line is the result.
    """
    if offline and against is not None:
        raise click.UsageError("--against asks a worker: leave out --offline")
    registry = SchemaRegistry(settings.schema_registry, program=CLIENT_ID) if settings.schema_registry else None
    found: list[Finding] = []
    findings = check_settings(settings)
    if not offline:
        findings = chain(findings, check_installation(settings, _admin(settings), registry))
    if against is not None:
        findings = chain(findings, changes_at(settings, against.address, is_encrypted=against.is_encrypted))
    for finding in worst_last(findings):
        severity = click.style(f"{finding.severity.value:<8}", fg=_COLOURS[finding.severity])
        click.echo(severity + printable(finding.text))
        found.append(finding)
    click.echo(f"result  {summary_of(found)}{'; Kafka and the endpoints were not asked' if offline else ''}")
    return exit_code_of(found)


def _admin(settings: Settings) -> Admin:
    return Admin(settings.kafka.revealed(), client_id=CLIENT_ID)


def _groups(settings: Settings) -> Groups:
    return Groups(settings.kafka.revealed(), client_id=CLIENT_ID)


def _registration(settings: Settings) -> Registration:
    return registration_of(settings.schema_registry, settings.topics.events, SystemClock(), program=CLIENT_ID)


def _registered(settings: Settings) -> str:
    names = [endpoint.name for endpoint in settings.endpoints]
    return f"registered endpoints: {', '.join(names)}" if names else "no endpoints are configured"


def main() -> NoReturn:
    """The `registry-bridge` command."""
    leave(run_command(commands, _PROGRAM))


if __name__ == "__main__":
    main()
