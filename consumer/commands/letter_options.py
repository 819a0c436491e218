"""The options of `registry-worker dead-letters` that say which letters are meant, and the open letters that are."""

import functools
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import click

from consumer.commands.matching import say
from consumer.commands.options import PlaceType
from consumer.commands.progress import ReadingBars
from consumer.dead_letters.letter import Letter
from consumer.dead_letters.selection import LetterSelection
from consumer.dead_letters.text import json_line, line_of
from consumer.dead_letters.topic import DeadLetterTopic
from consumer.delivery.policy.attempts import Reason
from consumer.operations.log_view import LogView
from consumer.places import Place
from runtime.cli.options import common_options
from runtime.clock import SystemClock
from runtime.config import Beginning, End, Settings
from runtime.counts import counted

_CLIENT_ID: Final = "registry-worker-dead-letters"
_AT_ONCE: Final = 200
"""Letters shown or discarded in one go."""
_FROM: Final = (
    "From this place in the dead-letter topic: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
)


@dataclass(frozen=True, slots=True)
class ChosenLetters:
    """The open letters that a command line means."""

    settings: Settings
    view: LogView
    topic: DeadLetterTopic
    letters: list[Letter]

    def parts(self) -> Iterator[Sequence[Letter]]:
        """The letters, some at a time."""
        for start in range(0, len(self.letters), _AT_ONCE):
            yield self.letters[start : start + _AT_ONCE]


def choosing_letters(command: Callable[..., int]) -> Callable[..., Any]:
    """The options that say which letters are meant; the command gets `chosen`."""

    @functools.wraps(command)
    def with_letters(
        *, settings: Settings, endpoint: str, reason: str | None, event: str, from_: Place, to: Place, **arguments: Any
    ) -> int:
        selection = LetterSelection(endpoint=endpoint, reason=reason or "", event=event)
        with _chosen(settings, selection, from_, to) as chosen:
            return command(chosen=chosen, **arguments)

    decorated: Callable[..., Any] = with_letters
    for decorate in (
        click.option("--to", type=PlaceType(), default=End(), help="Up to this place, which is excluded. [end]"),
        click.option("--from", "from_", type=PlaceType(), default=Beginning(), help=_FROM),
        click.option(
            "--id", "event", default="", metavar="ID", help="Only the event with this id, or this PARTITION:OFFSET."
        ),
        click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="Only this reason."),
        click.option("--endpoint", default="", metavar="E", help="Only this endpoint. [all]"),
        common_options,
    ):
        decorated = decorate(decorated)
    return decorated


def show_without_change(chosen: ChosenLetters, what: str, *, as_json: bool) -> int:
    """List the letters that would, for example, `be redriven`; the exit status of a dry run."""
    for letter in chosen.letters:
        click.echo(json_line(letter, chosen.topic.name) if as_json else line_of(letter))
    click.echo(f"{counted(len(chosen.letters), 'dead letter')} would {what}", err=True)
    return 0


@contextmanager
def _chosen(settings: Settings, selection: LetterSelection, from_: Place, to: Place) -> Iterator[ChosenLetters]:
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), progress=ReadingBars()) as view:
        topic = DeadLetterTopic(view, settings.topics.dead_letters)
        letters = topic.open_letters(selection, from_, to)
        known = [endpoint.name for endpoint in settings.endpoints]
        if selection.endpoint and not letters and selection.endpoint not in known:
            raise click.UsageError(
                f"no endpoint or dead letter has the name {selection.endpoint}; endpoints: {', '.join(known) or 'none'}"
            )
        if not letters:
            options = _options_of(selection)
            say(f"no open dead letter matches {options}" if options else "no open dead letters")
        yield ChosenLetters(settings, view, topic, letters)


def _options_of(selection: LetterSelection) -> str:
    given = {"endpoint": selection.endpoint, "reason": selection.reason, "id": selection.event}
    return " ".join(f"--{name} {shlex.quote(text)}" for name, text in given.items() if text)
