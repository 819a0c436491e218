"""What commands of this half share on a command line: places, progress, and the clients they ask through."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from consumer.log.range_reader import RangeReader
from consumer.log.schema_ids import schema_ids_of
from consumer.places import Place, parse_place
from consumer.record import Record
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from runtime.kafka.topics import max_dead_letter_bytes

_SHOW_EVERY: Final = 200
"""Records between two looks of the bar."""


class PlaceType(click.ParamType[Place]):
    """A place in a topic."""

    name = "PLACE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """Read a place.

        Raises:
            click.BadParameter: it is none.
        """
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            return parse_place(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


def admin_of(settings: Settings, client_id: str) -> Admin:
    """Who is asked for topics and offsets."""
    return Admin(settings.kafka.revealed(), client_id=client_id)


def groups_of(settings: Settings, client_id: str) -> Groups:
    """Who is asked for cursors."""
    return Groups(settings.kafka.revealed(), client_id=client_id)


def reader_of(settings: Settings, client_id: str, *, events: bool = True) -> RangeReader:
    """Who reads ranges of either topic.

    Args:
        settings: of the installation.
        client_id: how the broker's logs name it.
        events: whether somebody wants the events in the records: a schema registry may have to be asked for them.
    """
    ids = schema_ids_of(settings, SystemClock(), program=client_id) if events else None
    return RangeReader(
        settings.kafka.revealed(),
        client_id=client_id,
        max_record_bytes=max_dead_letter_bytes(settings),
        schema_ids=ids,
    )


def watched(records: Iterable[Record], offsets: int, label: str) -> Iterator[Record]:
    """The records; on a terminal, with a bar of how many of so many offsets are read."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=offsets, label=label, file=sys.stderr, hidden=hidden) as bar:
        for count, record in enumerate(records, 1):
            yield record
            if count % _SHOW_EVERY == 0:
                bar.update(_SHOW_EVERY)
        bar.update(offsets - bar.pos)
