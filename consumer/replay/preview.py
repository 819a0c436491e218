"""The preview of a replay: its events counted and not sent. Pure but for the records it is given."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from consumer.filters.selection import NOT_SELECTED
from consumer.log.decoding import event_of
from consumer.record import Record
from consumer.replay.target import ReplayFilter
from runtime.cli.terminal import table
from runtime.counts import counted
from schemas.avro import UndecodableError, UnknownSchemaError

_HEAD = ("EVENTS", "ACTION", "REPOSITORY")


@dataclass(slots=True)
class Preview:
    """The events of a range."""

    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """To be delivered, by action and repository."""
    filtered: int = 0
    not_selected: int = 0
    unreadable: int = 0
    """Records in which this release can read no event."""

    def lines(self, endpoint: str) -> Iterator[str]:
        """For a person: the sum, then a table of what would be delivered."""
        line = f"{endpoint}: {counted(self.wanted.total(), 'event')} would be delivered, {self.filtered} filtered"
        line += f"; {self.not_selected} are not selected" if self.not_selected else ""
        yield line + (f"; {self.unreadable} cannot be read" if self.unreadable else "")
        if self.wanted:
            ordered = sorted(self.wanted.items(), key=lambda entry: (-entry[1], entry[0]))
            rows = [(str(count), action or "-", repository or "-") for (action, repository), count in ordered]
            yield table(_HEAD, rows)


def preview_of(records: Iterable[Record], filter_: ReplayFilter) -> Preview:
    """Count them."""
    preview = Preview()
    for record in records:
        try:
            event = event_of(record)
        except (UndecodableError, UnknownSchemaError):
            preview.unreadable += 1
            continue
        rule = filter_.rule_against(event)
        if rule is None:
            preview.wanted[event.action, event.target.repository] += 1
        elif rule == NOT_SELECTED:
            preview.not_selected += 1
        else:
            preview.filtered += 1
    return preview
