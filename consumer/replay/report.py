"""The report of a replay. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consumer.filters.selection import NOT_SELECTED
from consumer.record import Record
from consumer.replay.plan import Failure
from runtime.counts import counted, noun
from schemas import names
from schemas.headers import text_header


@dataclass(frozen=True, slots=True)
class Failed:
    """One event that was given up in this process."""

    record: Record
    why: str

    @property
    def line(self) -> str:
        """Place, repository, id and reason."""
        headers = self.record.headers
        facts = (text_header(headers, names.CE_SUBJECT), text_header(headers, names.CE_ID))
        place = f"{self.record.partition}:{self.record.offset}"
        return f"{'  '.join((place, *(text for text in facts if text)))}: {self.why}"


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """One process's part of a run, and what had failed before."""

    run: str
    endpoint: str
    delivered: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)
    """By the rule against them; `selection` is that of the command line."""
    failed: Sequence[Failed] = ()
    failed_before: Sequence[Failure] = ()
    """By earlier processes of the run."""
    unnamed_before: int = 0
    """Of these, how many have no name at most: one that was tried again after a kill may have been delivered."""
    lost: int = 0
    """Offsets of the range that retention took before they were come to."""
    stopped: str = ""
    """Why the rest was not come to; empty if all was."""
    left: int = 0
    """Offsets of the range that were not come to, be they records or not."""

    @property
    def is_complete(self) -> bool:
        """Whether everything was delivered that was to be."""
        failed = self.failed or self.failed_before or self.unnamed_before
        return not (failed or self.lost or self.stopped)

    @property
    def none_selected(self) -> bool:
        """Whether all of the range was read, and its every event was one that the command line did not mean."""
        filtered = dict(self.filtered)
        other = self.failed or self.failed_before or self.unnamed_before
        return bool(filtered.pop(NOT_SELECTED, 0)) and not (self.delivered or filtered or other or self.stopped)

    def lines(self, options: str = "") -> list[str]:
        """For a person: the sum, then each event that was not delivered.

        Args:
            options: that whoever goes on with the run must give again.
        """
        rules = dict(self.filtered)
        not_selected = rules.pop(NOT_SELECTED, 0)
        filtered = f"{sum(rules.values())} filtered"
        if rules:
            filtered += f" ({', '.join(f'{rule} {count}' for rule, count in sorted(rules.items()))})"
        lines = [f"{self.endpoint}: {self.delivered} delivered, {filtered}, {len(self.failed)} failed"]
        if not_selected:
            lines[0] += f"; {not_selected} were not selected"
        lines += [f"  failed: {failed.line}" for failed in self.failed]
        lines += [f"  failed before: {at.partition}:{at.offset}: {at.why}" for at in self.failed_before]
        if self.unnamed_before:
            lines.append(f"  failed before: at most {self.unnamed_before} more that are counted but not named")
        if self.stopped:
            lines.append(f"  {counted(self.left, 'offset')} left: {self.stopped}")
            lines.append(f"  to continue: registry-worker replay --resume {self.run}{options}")
        if self.lost:
            lines.append(f"  {counted(self.lost, 'offset')} {noun(self.lost, 'is', 'are')} not in the log any more")
        return lines
