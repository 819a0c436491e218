"""`registry-bridge publish`: which files, what is said of them, and the exit code."""

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import click

from producer.intake.service import CLIENT_ID
from producer.preparation import prepare
from producer.publish.event_files import FoundEvents, RefusedText, events_of
from producer.publish.publisher import WRITE_LIMIT_S, Publisher
from producer.schema_registration import registration_of
from runtime.cli.options import LabelType, common_options
from runtime.cli.running import stop_signals
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.counts import counted
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from runtime.kafka.topics import max_event_bytes
from runtime.kafka.writer import AcknowledgedWriter
from runtime.news import News
from schemas.event import MEDIA_TYPE_V2
from schemas.wire import ENVELOPE_MEDIA_TYPES, is_envelope_type

_PROGRAM: Final = "registry-bridge"


@click.command("publish", epilog="Example: registry-bridge publish --registry eu examples/events.jsonl")
@common_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--content-type",
    callback=lambda _context, _parameter, value: _content_type(value),
    default=MEDIA_TYPE_V2,
    show_default=True,
    help="Content-Type that is recorded for the events.",
)
@click.option("--registry", type=LabelType(), default="", help="Label of the registry that sent the events.")
def publish_command(
    settings: Settings,
    files: tuple[Path, ...],
    content_type: str,
    registry: str,
) -> int:
    """Publish events from files or standard input.

    FILES hold envelopes or bare events as JSON, one per line or over several lines, or an export in avro or ndjson.
    The name - means standard input. Exit 0 only if Kafka has stored all events.
    """
    sources = files or (Path("-"),)
    _require_readable(sources)
    kafka, clock = settings.kafka.revealed(), SystemClock()
    registration = registration_of(settings.schema_registry, settings.topics.events, clock, program=CLIENT_ID)
    prepare(Admin(kafka, client_id=CLIENT_ID), Groups(kafka, client_id=CLIENT_ID), settings, registration, News())
    writer = AcknowledgedWriter(
        kafka,
        client_id=CLIENT_ID,
        max_record_bytes=max_event_bytes(settings),
        limit_s=WRITE_LIMIT_S,
        meanwhile="the same events are written again",
        is_bulk=True,
    )
    refusals = ShownRefusals()
    publisher = Publisher(
        writer,
        topic=settings.topics.events,
        schema_id=registration.complete(),
        max_record_bytes=max_event_bytes(settings),
        refusals=refusals,
        clock=clock,
        signals=stop_signals(),
    )
    try:
        acknowledged = publisher.publish(refusals.without(_found(sources, content_type, registry)))
    finally:
        writer.close()
        _say_repeated(publisher.repeated)
    also = f", {refusals.count} refused" if refusals.count else ""
    click.echo(f"{counted(acknowledged, 'event')} acknowledged{also}")
    return 1 if refusals.count else 0


class ShownRefusals:
    """What is refused: each is shown as soon as it is met."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, refused: RefusedText) -> None:
        """One more."""
        click.echo(printable(f"{_PROGRAM}: {refused.position}: {refused.reason}"), err=True)
        self.count += 1

    def without(self, found: Iterable[FoundEvents | RefusedText]) -> Iterator[FoundEvents]:
        """The events; what else is found is refused."""
        for item in found:
            if isinstance(item, FoundEvents):
                yield item
            else:
                self.add(item)


def _say_repeated(events: int) -> None:
    if events:
        click.echo(
            f"Kafka did not acknowledge {counted(events, 'event')} in time, so they were written again: "
            "the log may have them twice",
            err=True,
        )


def _content_type(text: str) -> str:
    if not is_envelope_type(text):
        raise click.BadParameter(f"{text!r} is not one of {', '.join(ENVELOPE_MEDIA_TYPES)}")
    return text


def _require_readable(sources: tuple[Path, ...]) -> None:
    """Find an unreadable file before anything is written, not in the middle; a pipe is not opened for that."""
    for source in sources:
        if str(source) != "-" and (why := _unreadable_because(source)):
            raise click.BadParameter(f"{source} cannot be read: {why}", param_hint="FILES")


def _unreadable_because(source: Path) -> str:
    try:
        mode = source.stat().st_mode
    except OSError as error:
        return error.strerror or str(error)
    if stat.S_ISDIR(mode):
        return os.strerror(errno.EISDIR)
    return "" if os.access(source, os.R_OK) else os.strerror(errno.EACCES)


def _found(sources: tuple[Path, ...], content_type: str, registry: str) -> Iterator[FoundEvents | RefusedText]:
    for source in sources:
        if str(source) == "-":
            if sys.stdin.isatty():
                click.echo(f"{_PROGRAM}: reading events from standard input; Ctrl-D ends it", err=True)
            yield from events_of(sys.stdin.buffer, "-", content_type=content_type, registry=registry)
            continue
        with source.open("rb") as file:
            lines = _with_progress(file, source)
            yield from events_of(lines, str(source), content_type=content_type, registry=registry)


def _with_progress(file: BinaryIO, source: Path) -> Iterator[bytes]:
    """The file's lines; on a terminal, a bar of the bytes read, unless it is a pipe, whose size nobody knows."""
    size = source.stat().st_size
    hidden = size == 0 or not sys.stderr.isatty()
    with click.progressbar(length=size, label=source.name, file=sys.stderr, hidden=hidden) as bar:
        for line in file:
            yield line
            bar.update(len(line))
