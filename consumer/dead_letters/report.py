"""The report of a redrive. Pure."""

from dataclasses import dataclass, field
from typing import Any

from consumer.dead_letters.letter import Letter


@dataclass(slots=True)
class RedriveReport:
    """The letters of one endpoint, each in one place; those in none were not come to."""

    endpoint: str
    asked: int
    """How many letters were to be redriven."""
    redriven: int = 0
    """Delivered and closed."""
    failed: list[tuple[Letter, str]] = field(default_factory=list)
    """Failed again, and why; still open."""
    skipped: list[tuple[Letter, Letter]] = field(default_factory=list)
    """Behind one of the same repository that failed again; both; still open."""
    undecodable: list[tuple[Letter, str]] = field(default_factory=list)
    """No event that could be sent, and why; still open."""
    unclosed: list[Letter] = field(default_factory=list)
    """Delivered, but their closing could not be written: still open, and sent again next time."""
    stopped: str = ""
    """Why the rest was not come to; empty if all was."""

    @property
    def settled(self) -> int:
        """Letters that this run is done with."""
        still_open = len(self.failed) + len(self.skipped) + len(self.undecodable) + len(self.unclosed)
        return self.redriven + still_open

    @property
    def untouched(self) -> int:
        """Letters that were not come to."""
        return self.asked - self.settled

    @property
    def is_complete(self) -> bool:
        """Whether every letter is delivered and closed."""
        return self.redriven == self.asked

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "endpoint": self.endpoint,
            "redriven": self.redriven,
            "failed": [_named(letter) | {"error": why} for letter, why in self.failed],
            "skipped": [_named(letter) | {"behind": first.name} for letter, first in self.skipped],
            "undecodable": [_named(letter) | {"error": why} for letter, why in self.undecodable],
            "delivered_but_open": [_named(letter) for letter in self.unclosed],
            "left": self.untouched,
            "stopped": self.stopped or None,
        }

    def lines(self) -> list[str]:
        """For a person: the sum, then each letter that is not done."""
        lines = [f"{self.endpoint}: {self.redriven} of {self.asked} redriven"]
        lines += [f"  failed again: {_shown(letter)}: {why}" for letter, why in self.failed]
        lines += [f"  skipped: {_shown(letter)}: behind {first.name}" for letter, first in self.skipped]
        lines += [f"  cannot be redriven: {_shown(letter)}: {why}" for letter, why in self.undecodable]
        lines += [f"  delivered, but could not be closed: {_shown(letter)}" for letter in self.unclosed]
        if self.untouched:
            lines.append(f"  {self.untouched} not sent: {self.stopped}")
        return lines


def _named(letter: Letter) -> dict[str, str]:
    return {"event": letter.name, "place": letter.event_place, "repository": letter.repository}


def _shown(letter: Letter) -> str:
    return f"{letter.name} ({letter.event_place}) {letter.repository}".rstrip()
