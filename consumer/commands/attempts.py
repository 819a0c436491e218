"""`registry-worker attempts`."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

import click
import msgspec

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.question import MOST, AttemptQuestion
from consumer.attempts.text import line_of
from consumer.commands.matching import say
from consumer.commands.worker_option import worker_option
from consumer.operations.attempt_tail import AttemptTail
from consumer.operations.attempts import followed_attempts
from consumer.operations.log_view import LogView
from runtime.cli.options import common_options
from runtime.clock import Clock, SystemClock
from runtime.config import Address, Settings
from runtime.errors import BridgeError
from runtime.news import News

_CLIENT_ID: Final = "registry-worker-attempts"
_LAST: Final = 20
_LOOK_EVERY_S: Final = 0.5


class UnknownAttemptsError(BridgeError):
    """Nobody who could be asked knows any attempts."""


@click.command(
    "attempts",
    short_help="List what endpoints were sent and answered.",
    epilog="Example: registry-worker attempts -c bridge.yaml --endpoint ci --failed --follow",
)
@common_options
@click.option("--endpoint", metavar="E", help="Only attempts at this endpoint.")
@click.option("--id", "event", metavar="ID", help="Only attempts of this event: its id, or PARTITION:OFFSET.")
@click.option("--failed", is_flag=True, help="Only attempts that did not deliver.")
@click.option(
    "--last", type=click.IntRange(1, MOST), default=_LAST, show_default=True, metavar="N", help="How many at most."
)
@click.option("--follow", "-f", is_flag=True, help="Then print new attempts as they end, until Ctrl-C.")
@worker_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def attempts_command(
    *,
    settings: Settings,
    endpoint: str | None,
    event: str | None,
    failed: bool,
    last: int,
    follow: bool,
    workers: Sequence[Address],
    as_json: bool,
) -> int:
    """List what endpoints were sent and what they answered, the newest last.

    The columns are the time, the endpoint, the event's id, PARTITION:OFFSET, the repository, the action, the number of
    the try, the outcome, the status or error and the time it took, when the next try follows, and the answer. All
    workers are asked, and the topic of worker.attempts is read, if there is one.
    """
    question = AttemptQuestion(endpoint=endpoint, id=event, failed=failed, limit=last)
    clock = SystemClock()
    with LogView(settings, client_id=_CLIENT_ID, clock=clock, resolves_schemas=False) as view:
        printing = _AttemptPrinting(AttemptTail(followed_attempts(settings, view, workers), question), as_json=as_json)
        printing.begin(patient=follow)
        if follow:
            with suppress(KeyboardInterrupt):
                printing.follow(clock)
    return 0


class _AttemptPrinting:
    """Prints attempts, and says once what keeps others from being known."""

    def __init__(self, tail: AttemptTail, *, as_json: bool) -> None:
        self._tail = tail
        self._as_json = as_json
        self._news = News()

    def begin(self, *, patient: bool) -> None:
        """Print the last ones.

        Raises:
            UnknownAttemptsError: nobody knows any; not if it is to be `patient`.
        """
        found = self._tail.unseen()
        if found.unknown_because and not found.attempts and not patient:
            raise UnknownAttemptsError("; ".join(found.unknown_because))
        if not found.attempts and not found.unknown_because:
            say("no such attempt is kept")
        self._show(found.attempts, found.unknown_because)

    def follow(self, clock: Clock) -> NoReturn:
        """Print what comes in."""
        while True:
            clock.sleep(_LOOK_EVERY_S)
            found = self._tail.unseen()
            self._show(found.attempts, found.unknown_because)

    def _show(self, attempts: list[EventAttempt], unknown_because: list[str]) -> None:
        for attempt in attempts:
            click.echo(msgspec.json.encode(attempt).decode() if self._as_json else line_of(attempt))
        if unknown_because:
            why = "; ".join(unknown_because)
            if self._news.is_news("unknown", why):
                say(f"there may be others: {why}")
        else:
            self._news.settled("unknown")
