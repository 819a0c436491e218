"""`--listen HOST:PORT` over the file's; the same rules hold for it as for the file."""

from dataclasses import replace

from runtime.config.addresses import Address
from runtime.config.crosschecks import is_intake
from runtime.config.faults import ConfigurationError
from runtime.config.sections import UNGUARDED, is_unguarded
from runtime.config.settings import Settings


def with_intake_listen(settings: Settings, listen: Address) -> Settings:
    """Return the settings with the intake elsewhere.

    Raises:
        ConfigurationError: others reach it without authorization, or an endpoint POSTs to it.
    """
    intake = replace(settings.intake, listen=listen)
    faults = [f"--listen: {listen} {UNGUARDED}"] if is_unguarded(intake) else []
    loops = [endpoint.name for endpoint in settings.endpoints if is_intake(endpoint, intake)]
    faults += [
        f"--listen: {listen} is the address of endpoint {name}: each of its events would come back for ever"
        for name in loops
    ]
    if faults:
        raise ConfigurationError(faults)
    return replace(settings, intake=intake)


def with_worker_listen(settings: Settings, listen: Address) -> Settings:
    """Return the settings with the worker's page elsewhere."""
    return replace(settings, worker=replace(settings.worker, listen=listen))
