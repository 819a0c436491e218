"""Warnings of filters on a command line that match nothing, at once where they never can: lines on standard error.

The exit status stays what it is: a filter without a hit is an answer, and silence would hide a slip of the pen.
"""

import shlex
from collections.abc import Iterable, Iterator
from typing import Final

import click

from consumer.filters.selection import Selection
from runtime.cli.terminal import printable
from runtime.config.filter_values import REPOSITORY_NAMES, TAG_NAMES
from runtime.config.glob_reach import REPOSITORY, TAG, shortest_match
from schemas.actions import unknown_action

_PROGRAM: Final = "registry-worker"
_WILD: Final = frozenset("*?")


def warn_of_hopeless(*, action: str = "", repositories: Iterable[str] = (), tag: str = "") -> None:
    """Say which of these words no event of a registry can match."""
    for why in hopeless(action=action, repositories=repositories, tag=tag):
        say(f"warning: {why}")


def hopeless(*, action: str = "", repositories: Iterable[str] = (), tag: str = "") -> Iterator[str]:
    """Reasons why words among these match nothing that a registry sends. Pure."""
    if action and (why := unknown_action(action)):
        yield why
    for pattern in repositories:
        if shortest_match(pattern.removeprefix("!"), REPOSITORY) is None:
            yield f"--repository {shlex.quote(pattern)} matches nothing: {REPOSITORY_NAMES}"
    if tag and (set(tag) & _WILD or shortest_match(tag, TAG) is None):
        yield f"--tag {shlex.quote(tag)} matches nothing: it is compared exactly, and {TAG_NAMES}"


def say_unmatched(selection: Selection, where: str, *, more: str = "") -> None:
    """Say that no event there, e.g. `of the log`, is one of those meant."""
    options = " ".join(f"--{name} {shlex.quote(text)}" for name, text in _named(selection))
    say(f"no event {where} matches {options}{more}" if options else f"no event {where}{more}")


def say(text: str) -> None:
    """A line of the program's on standard error."""
    click.echo(printable(f"{_PROGRAM}: {text}"), err=True)


def _named(selection: Selection) -> Iterator[tuple[str, str]]:
    for name, text in selection.as_json().items():
        yield ("id" if name == "event_id" else name), text
