"""`registry-worker tail`."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NoReturn

import click

from consumer.commands.matching import say, say_unmatched
from consumer.commands.options import PlaceType, selecting
from consumer.filters.selection import Selection
from consumer.operations.log_view import LogView
from consumer.operations.tail import Tail
from consumer.operations.tail_text import TailedRecord, json_line, line_of, tailed_record_of
from consumer.places import Place
from consumer.record import Record
from runtime.cli.options import common_options
from runtime.clock import Clock, SystemClock
from runtime.config import Settings
from runtime.errors import BridgeError
from runtime.kafka.errors import KafkaUnavailableError
from runtime.schema_registry import SchemaRegistryUnavailableError

_CLIENT_ID: Final = "registry-worker-tail"
_LAST: Final = 10
_LOOK_EVERY_S: Final = 0.5
_FROM: Final = "From this place on: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [the last 10]"
_PASSING_AT_FIRST: Final[tuple[type[BridgeError], ...]] = (SchemaRegistryUnavailableError,)
_PASSING: Final[tuple[type[BridgeError], ...]] = (SchemaRegistryUnavailableError, KafkaUnavailableError)


@click.command("tail", epilog="Example: registry-worker tail -c bridge.yaml --follow --repository 'team/*'")
@common_options
@selecting
@click.option("--from", "from_", type=PlaceType(), help=_FROM)
@click.option("--follow", "-f", is_flag=True, help="Then print new events as they come in, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def tail_command(*, settings: Settings, selection: Selection, from_: Place | None, follow: bool, as_json: bool) -> int:
    """Print events; by default the last 10.

    They are printed in the order in which the bridge accepted them. The columns are time of acceptance, action,
    repository with tag or digest, HTTP method, actor, client, registry label, the source's format if it has one of its
    own, PARTITION:OFFSET. No cursor is moved.
    """
    clock = SystemClock()
    with LogView(settings, client_id=_CLIENT_ID, clock=clock) as view:
        tail = Tail(view, settings.topics.events)
        if from_ is not None:
            tail.start(from_)
        printing = Printing(tail, selection, as_json=as_json, from_end=from_ is None, follow=follow)
        if follow:
            with suppress(KeyboardInterrupt):
                _follow(printing, clock)
        else:
            printing.begin()
    return 0


class Printing:
    """Prints the events of a tail that a selection means."""

    def __init__(self, tail: Tail, selection: Selection, *, as_json: bool, from_end: bool, follow: bool) -> None:
        """Nothing is printed yet.

        Args:
            tail: stands at its place, unless it begins with the last events.
            selection: which events.
            as_json: how they are printed.
            from_end: whether it begins with the last events.
            follow: whether it goes on when all that is there is printed.
        """
        self._tail = tail
        self._selection = selection
        self._render = json_line if as_json else line_of
        self._from_end = from_end
        self._follow = follow

    def matches(self, record: Record) -> bool:
        """Whether the record is printed; one that holds no event is, unless a filter is given."""
        return self._is_wanted(tailed_record_of(record))

    def begin(self) -> None:
        """Print what is there, or that nothing is."""
        if not self._print(self._tail.last(_LAST, self) if self._from_end else self._tail.unread()):
            more = "; waiting for new events" if self._follow else ""
            say_unmatched(self._selection, "in the log" if self._from_end else "from there on", more=more)

    def go_on(self) -> None:
        """Print what has come in since."""
        self._print(self._tail.unread())

    def _print(self, records: Iterable[Record]) -> bool:
        """Print those that match; whether any did."""
        printed = False
        for tailed in filter(self._is_wanted, map(tailed_record_of, records)):
            click.echo(self._render(tailed))
            printed = True
        return printed

    def _is_wanted(self, tailed: TailedRecord) -> bool:
        if tailed.event is None:
            return self._selection.is_empty
        return self._selection.matches(tailed.event)


def _follow(printing: Printing, clock: Clock) -> NoReturn:
    """Print what is there and what comes in, until Ctrl-C; only a Kafka that is away from the start is an error."""
    step, passing = printing.begin, _PASSING_AT_FIRST
    is_waiting = False
    while True:
        try:
            step()
        except passing as error:
            if not is_waiting:
                say(f"{error}; waiting")
            is_waiting = True
        else:
            is_waiting = False
            step, passing = printing.go_on, _PASSING
        clock.sleep(_LOOK_EVERY_S)
