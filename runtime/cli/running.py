"""A command from its arguments to its exit status: how errors end, and what a signal stops."""

import asyncio
import errno
import gc
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import click
import structlog
import uvloop

from runtime.cli.controlling_terminal import ControllingTerminal
from runtime.cli.hangups import Hangups
from runtime.cli.programs import of_another_program
from runtime.cli.signals import StopSignals
from runtime.cli.streams import GONE, discard, lasting_streams
from runtime.cli.terminal import printable
from runtime.errors import BridgeError
from runtime.logs import configure_logs

_log: Final = structlog.get_logger(__name__)

_YOUNG: Final = 50_000
"""Objects that are made before the garbage collector looks at them: more than come and go with the records that a
worker reads ahead, so that nearly all are gone without it."""


def run_command(group: click.Command, program: str) -> int:
    """Run a command line to its exit status: errors are lines on stderr, never a traceback."""
    with lasting_streams(), StopSignals() as signals:
        try:
            configure_logs(None, "info")
            status = int(group.main(prog_name=program, standalone_mode=False, obj=signals) or 0)
            sys.stdout.flush()
        except click.exceptions.Exit as error:
            status = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            status = signals.exit_status
        except Exception as error:  # noqa: BLE001 - the last door: a user gets a line, the log the rest
            status = _failed(error, program, signals)
    return status


def _failed(error: Exception, program: str, signals: StopSignals) -> int:
    """Say why it failed; the exit status."""
    match error:
        case click.exceptions.NoArgsIsHelpError():  # a group alone: the help is the answer
            click.echo(error.format_message(), err=True)
            return error.exit_code
        case click.ClickException():
            _say(_usage_line(error, program))
            return error.exit_code
        case BridgeError():
            for line in str(error).split("\n"):
                _say(f"{program}: {line}")
            return error.exit_code
        case OSError() if error.errno in GONE:  # nobody reads the output any more: not an error of ours
            discard(sys.stdout)
            return signals.exit_status
        case OSError(errno=errno.ENOSPC):
            _say(f"{program}: cannot write the output: {error.strerror}")
            return 1
    _log.debug("command.failed", exc_info=error)
    _say(f"{program}: internal error: {type(error).__name__}: {error} (use --log-level debug for details)")
    return 1


def _usage_line(error: click.ClickException, program: str) -> str:
    """What was wrong, and at which command; a command of the other program is named as such."""
    where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else program
    if isinstance(error, click.exceptions.NoSuchCommand) and (told := of_another_program(where, error.command_name)):
        return f"{where}: {told}"
    message = " ".join(error.format_message().split())  # a list of choices comes a line each
    return f"{where}: {message} (see --help)"


def _say(line: str) -> None:
    """One line on standard error: an error may repeat what somebody else wrote."""
    click.echo(printable(line), err=True)


def uninterrupted() -> AbstractContextManager[None]:
    """What the running command does in this context is done whole; a signal that comes meanwhile waits for its end."""
    return stop_signals().deferred()


def run_service(service: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run a service until it ends by itself or a signal sets its stop event; its exit status."""
    signals = stop_signals()

    async def until_stopped() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_unhandled)

        def begin_to_stop() -> None:
            _log.info("stopping", signal=signals.received)
            stop.set()

        with signals.calling(lambda: _soon(loop, begin_to_stop)):
            return await service(stop)

    _collect_seldom()
    return uvloop.run(until_stopped())


def run_reloadable(service: Callable[[asyncio.Event, asyncio.Event], Awaitable[int]]) -> int:
    """The same for a service with a second event, which SIGHUP sets: it is asked to reload its configuration.

    A terminal that is closed stops it nevertheless.
    """

    async def until_stopped(stop: asyncio.Event) -> int:
        reload = asyncio.Event()
        hangups = Hangups(stop_signals(), reload, ControllingTerminal())
        watching = asyncio.create_task(hangups.watch())
        try:
            with hangups.heard():
                return await service(stop, reload)
        finally:
            watching.cancel()

    return run_service(until_stopped)


def _collect_seldom() -> None:
    """What was imported stays: to look at it again and again takes a tenth of a busy worker's time."""
    gc.freeze()
    gc.set_threshold(_YOUNG)


def _soon(loop: asyncio.AbstractEventLoop, step: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(step)


def stop_signals() -> StopSignals:
    """The stop signals that the running command was started with."""
    return click.get_current_context().ensure_object(StopSignals)


def _log_unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A fault of ours that nobody waited for: logged, whatever the level."""
    _log.error("internal_error", said=context.get("message"), exc_info=context.get("exception"))
