"""`registry-worker tail`."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NoReturn

import click

from consumer.commands.choosing import selecting
from consumer.commands.matching import say, say_unmatched
from consumer.commands.options import PlaceType, admin_of, reader_of
from consumer.filters.selection import Selection
from consumer.operations.tail import Tail
from consumer.operations.tail_text import Seen, json_line, line_of, seen_of
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


@click.command("tail", epilog="Example: registry-worker tail -c bridge.yaml --follow --repository 'team/*'")
@common_options
@selecting
@click.option("--from", "from_", type=PlaceType(), help=_FROM)
@click.option("--follow", "-f", is_flag=True, help="Then print new events as they come in, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def tail_command(*, settings: Settings, selection: Selection, from_: Place | None, follow: bool, as_json: bool) -> int:
    """Print events; by default the last 10.

    They are printed in the order in which the bridge accepted them. The columns: time of acceptance, action, repository
    with tag or digest, HTTP method, actor, client, registry label, PARTITION:OFFSET. No cursor is moved.
    """
    render = json_line if as_json else line_of
    clock = SystemClock()
    with reader_of(settings, _CLIENT_ID) as reader:
        tail = Tail(admin_of(settings, _CLIENT_ID), reader, settings.topics.events)

        def wanted(record: Record) -> bool:
            return _is_wanted(seen_of(record), selection)

        def show(records: Iterable[Record]) -> bool:
            shown = False
            for seen in map(seen_of, records):
                if _is_wanted(seen, selection):
                    click.echo(render(seen))
                    shown = True
            return shown

        def begin() -> None:
            if not show(tail.last(_LAST, wanted) if from_ is None else tail.unread()):
                more = "; waiting for what comes in" if follow else ""
                say_unmatched(selection, "in the log" if from_ is None else "from there on", more=more)

        if from_ is not None:
            tail.start(from_, now=clock.wall())
        if follow:
            with suppress(KeyboardInterrupt):
                _follow(begin, lambda: show(tail.unread()), clock)
        else:
            begin()
    return 0


def _follow(begin: Callable[[], object], go_on: Callable[[], object], clock: Clock) -> NoReturn:
    """Show what is there and what comes in, until Ctrl-C; only a Kafka that is away from the start is an error."""
    _patiently(begin, clock, SchemaRegistryUnavailableError)
    while True:
        clock.sleep(_LOOK_EVERY_S)
        _patiently(go_on, clock, SchemaRegistryUnavailableError, KafkaUnavailableError)


def _patiently(step: Callable[[], object], clock: Clock, *passing: type[BridgeError]) -> None:
    """Do it; while it fails like this, wait and say so once."""
    told = False
    while True:
        try:
            step()
        except passing as error:
            if not told:
                say(f"{error}; waiting")
            told = True
        else:
            return
        clock.sleep(_LOOK_EVERY_S)


def _is_wanted(seen: Seen, selection: Selection) -> bool:
    """What holds no event is shown only where nothing narrows."""
    return selection.is_empty if seen.event is None else selection.matches(seen.event)
