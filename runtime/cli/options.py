"""What the options of both command lines are made of; `running.py` has how a command runs and ends."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from runtime.config.addresses import Address, parse_address
from runtime.config.load import ConfigurationFile, find
from runtime.logs import LEVELS, configure_logs
from runtime.processes.order import LogOptions
from runtime.units import UnitMissingError, parse_duration
from schemas.names import LABEL, LABEL_FORM

MOST_PROCESSES: Final = 64
"""Of one command: more than a machine has use for."""
_FILE: Final = "runtime.cli.options.file"
"""By which the context of a command knows its configuration."""


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-c`, `--log-format` and `--log-level`, which every command has; the command gets `settings` made of them."""

    @functools.wraps(command)
    def with_settings(config: Path | None, log_format: Any, log_level: str, **arguments: Any) -> Any:
        configure_logs(log_format, log_level)
        file = ConfigurationFile(find(config, os.environ), os.environ)
        click.get_current_context().meta[_FILE] = file
        return command(settings=file.load(), **arguments)

    decorated: Callable[..., Any] = with_settings
    for decorate in (
        click.option(
            "--log-level",
            type=click.Choice(LEVELS),
            default="info",
            show_default=True,
            help="Lowest level that is logged.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(["console", "json"]),
            help="Format of the log.  [console on a terminal, else json]",
        ),
        click.option("-c", "--config", type=click.Path(path_type=Path), help="Configuration file [bridge.yaml]."),
    ):
        decorated = decorate(decorated)
    return decorated


def configuration_file() -> ConfigurationFile:
    """The file that the running command has its settings from."""
    found = click.get_current_context().meta[_FILE]
    assert isinstance(found, ConfigurationFile)
    return found


def watch_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--watch-config`; the command gets `watch_config`."""
    decorate = click.option(
        "--watch-config",
        is_flag=True,
        help="Reload the configuration when its file, or a file that it names, changes; SIGHUP reloads it too.",
    )
    decorated: Callable[..., Any] = decorate(command)
    return decorated


def processes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--processes N`; the command gets `processes`."""
    decorate = click.option(
        "--processes",
        metavar="N",
        type=click.IntRange(1, MOST_PROCESSES),
        default=1,
        show_default=True,
        help="So many processes share the work, for more than one CPU core.",
    )
    decorated: Callable[..., Any] = decorate(command)
    return decorated


def log_options() -> LogOptions:
    """`--log-format` and `--log-level` of the running command, for the processes that it starts."""
    given = click.get_current_context().params
    return LogOptions(given["log_format"], given["log_level"])


class AddressType(click.ParamType[Address]):
    """HOST:PORT of a command line."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read an address.

        Raises:
            click.BadParameter: it is none.
        """
        if isinstance(value, Address):
            return value
        try:
            return parse_address(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


class DurationType(click.ParamType[float]):
    """A duration on a command line, in seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a duration above zero.

        Raises:
            click.BadParameter: it is none.
        """
        if isinstance(value, float):
            return value
        try:
            seconds = parse_duration(value)
        except UnitMissingError:  # who types a command thinks of no registry, and may mean seconds as well as days
            self.fail(f"{value!r} has no unit; write {value}s, {value}m, {value}h or {value}d", param, ctx)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)
        if seconds <= 0:
            self.fail(f"{value!r} must be above zero", param, ctx)
        return seconds


class LabelType(click.ParamType[str]):
    """The label of a registry on a command line."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a label.

        Raises:
            click.BadParameter: it is none.
        """
        if value and not LABEL.fullmatch(value):
            self.fail(f"{value!r} is not a label; write {LABEL_FORM}", param, ctx)
        return str(value)
