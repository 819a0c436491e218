"""`--listen HOST:PORT` over the file's; the same rules hold for it as for the file."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from runtime.config.addresses import Address
from runtime.config.crosschecks import is_intake
from runtime.config.faults import ConfigurationError
from runtime.config.sections import UNGUARDED, is_unguarded
from runtime.config.settings import Settings


class Configuration(Protocol):
    """What a process loads its settings from, at its start and at each reload."""

    @property
    def files(self) -> Collection[Path]:
        """Those whose content is part of the settings, as far as they are known."""
        ...

    def load(self) -> Settings:
        """The settings as they stand there now. Blocks.

        Raises:
            ConfigurationError: they cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class IntakeConfiguration:
    """The intake's: its file, under its `--listen`."""

    file: Configuration
    listen: Address | None

    @property
    def files(self) -> Collection[Path]:
        """See `Configuration`."""
        return self.file.files

    def load(self) -> Settings:
        """See `Configuration`."""
        settings = self.file.load()
        return with_intake_listen(settings, self.listen) if self.listen is not None else settings


@dataclass(frozen=True, slots=True)
class WorkerConfiguration:
    """The worker's: its file, under its `--listen`."""

    file: Configuration
    listen: Address | None

    @property
    def files(self) -> Collection[Path]:
        """See `Configuration`."""
        return self.file.files

    def load(self) -> Settings:
        """See `Configuration`."""
        settings = self.file.load()
        return with_worker_listen(settings, self.listen) if self.listen is not None else settings


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
