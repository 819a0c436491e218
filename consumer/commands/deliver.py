"""`registry-worker deliver`."""

import asyncio
from collections.abc import Awaitable
from typing import Final

import click
import structlog

from consumer.worker.processes import deliver_in_processes
from consumer.worker.reload_plan import chosen
from consumer.worker.service import deliver, deliver_until_caught_up
from runtime.cli.options import (
    AddressType,
    DurationType,
    common_options,
    configuration_file,
    log_options,
    processes_option,
    watch_option,
)
from runtime.cli.running import run_reloadable, run_service
from runtime.clock import SystemClock
from runtime.config import Address, EndpointSettings, Settings
from runtime.config.overrides import WorkerConfiguration, with_worker_listen
from runtime.http.bindings import TakenBinding
from runtime.http.server_tls import server_tls
from runtime.reloading.file_reloads import FileReloads
from runtime.tracing.opening import require_tracing

_log: Final = structlog.get_logger(__name__)

_PREFIX: Final = "registry_worker"
"""Of metrics."""


@click.command("deliver", epilog="Example: registry-worker deliver -c bridge.yaml --endpoint ci")
@common_options
@click.option(
    "--endpoint",
    "names",
    multiple=True,
    metavar="E",
    help="Only to this endpoint; may be repeated. [all that are enabled]",
)
@click.option(
    "--listen",
    type=AddressType(),
    help="Where metrics and status are served, instead of worker.listen; port 0 picks a free one.",
)
@click.option(
    "--until-caught-up", is_flag=True, help="Stop when all events that were in the log at the start are finished."
)
@click.option(
    "--timeout", metavar="D", type=DurationType(), help="With --until-caught-up: give up after this long, with exit 1."
)
@processes_option
@watch_option
def deliver_command(
    *,
    settings: Settings,
    names: tuple[str, ...],
    listen: Address | None,
    until_caught_up: bool,
    timeout: float | None,
    processes: int,
    watch_config: bool,
) -> int:
    """Deliver events to the endpoints until stopped.

    SIGHUP reloads the configuration: endpoints that did not change are served on without a break.
    """
    endpoints = _chosen(settings, names)
    require_tracing(settings.tracing)
    for warning in settings.warnings:
        _log.warning("configuration.no_effect", said=warning)
    if until_caught_up:
        if processes > 1:
            raise click.UsageError("--until-caught-up runs in one process: leave out --processes")
        if watch_config:
            raise click.UsageError("--until-caught-up keeps its configuration: leave out --watch-config")
        return run_service(lambda stop: deliver_until_caught_up(settings, endpoints, stop, timeout_s=timeout))
    if timeout is not None:
        raise click.UsageError("--timeout needs --until-caught-up")
    served = with_worker_listen(settings, listen) if listen is not None else settings
    configuration, logs = WorkerConfiguration(configuration_file(), listen), log_options()
    binding = TakenBinding(served.worker.listen, server_tls(served.worker.tls))

    def service(stop: asyncio.Event, asked: asyncio.Event) -> Awaitable[int]:
        reloads = FileReloads(configuration, asked, prefix=_PREFIX, watches=watch_config, clock=SystemClock())
        if processes == 1:
            return deliver(served, names, stop, binding, reloads, pages=binding.address)
        return deliver_in_processes(served, names, stop, reloads, binding=binding, processes=processes, logs=logs)

    return run_reloadable(service)


def _chosen(settings: Settings, names: tuple[str, ...]) -> list[EndpointSettings]:
    """The endpoints to serve: those named, or all that are enabled.

    Raises:
        click.UsageError: there is none of that name, or none at all.
    """
    known = {endpoint.name: endpoint for endpoint in settings.endpoints}
    if not known:
        raise click.UsageError("the configuration has no endpoints: there is nothing to deliver to")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no endpoint is named {', '.join(unknown)}; endpoints: {', '.join(known)}")
    disabled = [name for name in names if known[name].disabled]
    if disabled:
        raise click.UsageError(f"disabled in the configuration: {', '.join(disabled)}")
    return chosen(settings, names)
