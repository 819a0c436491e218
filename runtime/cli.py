"""What both command lines are made of: common options, how errors end, and running a service under signals."""

import asyncio
import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import click
import structlog
import uvloop

from runtime.config import load
from runtime.config.addresses import Address, parse_address
from runtime.errors import BridgeError
from runtime.logs import LEVELS, configure_logs
from runtime.units import parse_duration
from schemas.names import LABEL

_log: Final = structlog.get_logger(__name__)

INTERRUPTED: Final = 130
"""Exit status after Ctrl-C, as shells have it."""


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-c`, `--log-format` and `--log-level`, which every command has; the command gets `settings` made of them."""

    @functools.wraps(command)
    def with_settings(config: Path | None, log_format: Any, log_level: str, **arguments: Any) -> Any:
        configure_logs(log_format, log_level)
        return command(settings=load(config, os.environ), **arguments)

    decorated: Callable[..., Any] = with_settings
    for decorate in (
        click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True),
        click.option("--log-format", type=click.Choice(["console", "json"]), help="[console on a terminal, else json]"),
        click.option("-c", "--config", type=click.Path(path_type=Path), help="Configuration file [bridge.yaml]."),
    ):
        decorated = decorate(decorated)
    return decorated


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
            self.fail(f"{value!r} is no label: 1 to 63 of the characters a-z 0-9 . _ -", param, ctx)
        return str(value)


def run_command(group: click.Group, program: str) -> None:
    """Run a command line to its exit status: errors are lines on stderr, never a traceback."""
    configure_logs(None, "info")
    try:
        sys.exit(group.main(prog_name=program, standalone_mode=False) or 0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else program
        click.echo(f"{where}: {error.format_message()} (--help says more)", err=True)
        sys.exit(error.exit_code)
    except BridgeError as error:
        for line in str(error).splitlines():
            click.echo(f"{program}: {line}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: not an error of ours
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last door: a user gets a line, the log the rest
        _log.debug("command.failed", exc_info=True)
        click.echo(
            f"{program}: internal error: {type(error).__name__}: {error} (--log-level debug says more)", err=True
        )
        sys.exit(1)


def run_service(service: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run a service until it ends by itself or SIGTERM or SIGINT sets its stop event; its exit status."""

    async def until_stopped() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_say_unhandled)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        return await service(stop)

    return uvloop.run(until_stopped())


def _say_unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A fault of ours that nobody waited for: said aloud, whatever the log level."""
    _log.error("internal_error", said=context.get("message"), exc_info=context.get("exception"))
