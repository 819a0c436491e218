"""`registry-worker dead-letters list | show | redrive | discard`."""

import asyncio
import functools
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import click

from consumer.commands.matching import say
from consumer.commands.options import PlaceType, admin_of, reader_of, watched
from consumer.dead_letters.letter import Letter, State, closings_of
from consumer.dead_letters.redrive_all import Outcome, Tools, redrive_all
from consumer.dead_letters.selection import Selection
from consumer.dead_letters.text import json_line, json_of, line_of, page_of
from consumer.dead_letters.topic import DeadLetterTopic
from consumer.delivery.policy.attempts import Reason
from consumer.places import Place
from runtime.cli.options import common_options
from runtime.cli.running import run_service, uninterrupted
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Beginning, End, EndpointSettings, Settings
from runtime.counts import counted
from runtime.kafka.topics import max_dead_letter_bytes
from runtime.kafka.writer import AcknowledgedWriter

_CLIENT_ID: Final = "registry-worker-dead-letters"
_AT_ONCE: Final = 200
"""Letters shown or discarded in one go."""
_FROM: Final = (
    "From this place in the dead-letter topic: beginning, end, a time, -24h, PARTITION:OFFSET[,...]. [beginning]"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The open letters that a command line means."""

    settings: Settings
    topic: DeadLetterTopic
    letters: list[Letter]


@click.group("dead-letters", epilog="Example: registry-worker dead-letters list -c bridge.yaml --endpoint ci")
def dead_letters_group() -> None:
    """List dead letters, send them again, or close them."""


def _selecting(command: Callable[..., int]) -> Callable[..., Any]:
    """The options that say which letters are meant; the command gets `asked`."""

    @functools.wraps(command)
    def with_letters(
        *, settings: Settings, endpoint: str, reason: str | None, event: str, from_: Place, to: Place, **arguments: Any
    ) -> int:
        selection = Selection(endpoint=endpoint, reason=reason or "", event=event)
        with _asked(settings, selection, from_, to) as asked:
            return command(asked=asked, **arguments)

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


@contextmanager
def _asked(settings: Settings, selection: Selection, from_: Place, to: Place) -> Iterator[Asked]:
    with reader_of(settings, _CLIENT_ID) as reader:
        topic = DeadLetterTopic(
            admin_of(settings, _CLIENT_ID),
            reader,
            settings.topics.dead_letters,
            watch=lambda records, offsets: watched(records, offsets, "reading dead letters"),
        )
        letters = topic.open_letters(selection, from_, to, now=SystemClock().wall())
        known = [endpoint.name for endpoint in settings.endpoints]
        if selection.endpoint and not letters and selection.endpoint not in known:
            raise click.UsageError(
                f"no endpoint is named {selection.endpoint}, nor has a letter; known are {', '.join(known) or 'none'}"
            )
        if not letters:
            say(
                f"no open dead letter matches {options}"
                if (options := _options_of(selection))
                else "no open dead letters"
            )
        yield Asked(settings, topic, letters)


def _options_of(selection: Selection) -> str:
    given = {"endpoint": selection.endpoint, "reason": selection.reason, "id": selection.event}
    return " ".join(f"--{name} {shlex.quote(text)}" for name, text in given.items() if text)


@dead_letters_group.command("list", epilog="Example: registry-worker dead-letters list --reason rejected --from -24h")
@_selecting
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_command(asked: Asked, *, as_json: bool) -> int:
    """List the open dead letters, one a line.

    A line begins with the event's id, or with its PARTITION:OFFSET if it has none.
    """
    for letter in asked.letters:
        click.echo(json_line(letter, asked.topic.topic) if as_json else line_of(letter))
    return 0


@dead_letters_group.command("show", epilog="Example: registry-worker dead-letters show --id 3:17")
@_selecting
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def show_command(asked: Asked, *, as_json: bool) -> int:
    """Show open dead letters with reason, headers and the event's JSON."""
    render = json_of if as_json else page_of
    for part in _parts(asked.letters):
        records = asked.topic.records(part)
        for letter in part:
            if letter.place in records:
                click.echo(render(letter, records[letter.place], asked.topic.topic))
    return 0


@dead_letters_group.command("redrive", epilog="Example: registry-worker dead-letters redrive --endpoint ci --rate 10")
@_selecting
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="At most N requests a second to each endpoint.",
)
@click.option("--dry-run", is_flag=True, help="List what would be sent, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, one object for each endpoint.")
def redrive_command(asked: Asked, *, rate: float | None, dry_run: bool, as_json: bool) -> int:
    """Send open dead letters to their endpoint again.

    In order within a repository; each letter that is delivered is closed. Exit 0 only if every letter was delivered. A
    letter that fails again, or was not tried, stays open: run it again.
    """
    if dry_run:
        return _would(asked, "be redriven", as_json=as_json)
    by_endpoint: dict[str, list[Letter]] = {}
    for letter in asked.letters:
        by_endpoint.setdefault(letter.endpoint, []).append(letter)
    endpoints = [endpoint for endpoint in asked.settings.endpoints if endpoint.name in by_endpoint]
    enabled = [endpoint for endpoint in endpoints if not endpoint.disabled]
    outcomes = _redriven(asked, by_endpoint, enabled, rate)
    for outcome in outcomes:
        told = [json.dumps(outcome.report.as_json())] if as_json else map(printable, outcome.report.lines())
        click.echo("\n".join(told))
    left = _say_unreachable(by_endpoint, endpoints, enabled)
    for fault in (outcome.fault for outcome in outcomes if outcome.fault is not None):
        raise fault
    return 0 if not left and all(outcome.report.is_complete for outcome in outcomes) else 1


@dead_letters_group.command("discard", epilog="Example: registry-worker dead-letters discard --endpoint ci --dry-run")
@_selecting
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--dry-run", is_flag=True, help="List what would be discarded, and discard nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the letters as JSON, one a line.")
def discard_command(asked: Asked, *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Close open dead letters without sending them.

    They stay in the topic, but are not listed or sent again.
    """
    if dry_run:
        return _would(asked, "be discarded", as_json=as_json)
    if not asked.letters:
        return 0
    if not yes:
        _confirm(len(asked.letters))
    done: list[Letter] = []
    try:
        _discard(asked, done, as_json=as_json)
    finally:
        left = len(asked.letters) - len(done)
        rest = f", {left} left as they were" if left else ""
        click.echo(f"{counted(len(done), 'dead letter')} discarded{rest}", err=as_json)
    return 0


def _discard(asked: Asked, done: list[Letter], *, as_json: bool) -> None:
    """Close the letters, some at a time; `done` gets those that are."""
    with closing(_writer(asked.settings)) as writer, _bar(len(asked.letters), "discarding") as bar:
        for part in _parts(asked.letters):
            with uninterrupted():
                writer.write([record for letter in part for record in _discarding(asked, letter)])
                done.extend(part)
                if as_json:
                    click.echo("\n".join(json_line(letter, asked.topic.topic) for letter in part))
            bar.update(len(part))


def _redriven(
    asked: Asked, letters: dict[str, list[Letter]], endpoints: Sequence[EndpointSettings], rate: float | None
) -> list[Outcome]:
    """Run the redrive; SIGINT and SIGTERM end it in order."""
    found: list[Outcome] = []
    total = sum(len(letters[endpoint.name]) for endpoint in endpoints)
    with closing(_writer(asked.settings)) as writer, _bar(total, "redriving") as bar:
        clock = SystemClock()
        drain_s = asked.settings.worker.drain_s
        tools = Tools(asked.topic, writer, clock, drain_s, settled=lambda: bar.update(1))

        async def service(stop: asyncio.Event) -> int:
            found.extend(await redrive_all(tools, letters, endpoints, stop, rate=rate))
            return 0

        run_service(service)
    return found


def _say_unreachable(
    letters: dict[str, list[Letter]], known: Sequence[EndpointSettings], enabled: Sequence[EndpointSettings]
) -> int:
    """Say which letters had nowhere to go; how many they are."""
    left = 0
    for name, of_endpoint in letters.items():
        if any(endpoint.name == name for endpoint in enabled):
            continue
        disabled = any(endpoint.name == name for endpoint in known)
        why = "is disabled in the configuration" if disabled else "is not in the configuration"
        click.echo(printable(f"{name}: {len(of_endpoint)} left as they were: the endpoint {why}"), err=True)
        left += len(of_endpoint)
    return left


def _would(asked: Asked, what: str, *, as_json: bool) -> int:
    for letter in asked.letters:
        click.echo(json_line(letter, asked.topic.topic) if as_json else line_of(letter))
    click.echo(f"{counted(len(asked.letters), 'dead letter')} would {what}", err=True)
    return 0


def _confirm(letters: int) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{counted(letters, 'dead letter')} would be discarded; say --yes, or see them with --dry-run"
        )
    click.confirm(
        f"Discard {counted(letters, 'dead letter')}? What is discarded is not offered again", abort=True, err=True
    )


def _discarding(asked: Asked, letter: Letter) -> list[Any]:
    return closings_of(letter, State.DISCARDED, topic=asked.topic.topic)


def _parts(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    for start in range(0, len(letters), _AT_ONCE):
        yield letters[start : start + _AT_ONCE]


def _writer(settings: Settings) -> AcknowledgedWriter:
    return AcknowledgedWriter(
        settings.kafka.revealed(), client_id=_CLIENT_ID, max_record_bytes=max_dead_letter_bytes(settings)
    )


def _bar(length: int, label: str) -> Any:
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())
