"""The command line of the local Kafka: `python -m broker` with `start`, `fetch` or `lock`."""

import os
import signal
import threading
from pathlib import Path

import click

from broker.errors import LocalKafkaError
from broker.java import bring_java
from broker.local_kafka import LocalKafka
from broker.program import Program
from broker.releases import NEWEST
from broker.storage import DATA

LOOK_SECONDS = 0.5


@click.group()
def main() -> None:
    """A local Apache Kafka for development: one broker on 127.0.0.1."""


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=DATA, help="Folder of its data, kept between runs.")
@click.option("--port", type=click.IntRange(0, 65_535), default=9092, show_default=True, help="0 takes a free one.")
def start(data: Path, port: int) -> None:
    """Start the broker and keep it up until Ctrl-C or SIGTERM.

    Example: python -m broker start --port 9092
    """
    stopped = threading.Event()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with LocalKafka(data, port=port) as kafka:
            click.echo(f"Kafka is ready at {kafka.bootstrap} (data in {data}); Ctrl-C stops it")
            _watch(kafka, stopped)
    except LocalKafkaError as error:
        raise click.ClickException(str(error)) from error


@main.command()
def fetch() -> None:
    """Bring what the broker needs and is not here yet, so that starting needs no network: a Java, Kafka's jars.

    Example: python -m broker fetch
    """
    try:
        bring_java(os.environ)
        NEWEST.files()
    except LocalKafkaError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def lock(files: tuple[Path, ...]) -> None:
    """Write lock files of Java programs anew, for what each says that it wants.

    Example: python -m broker lock broker/kafka-4.lock.toml
    """
    try:
        for file in files:
            Program(file.name, file).lock_anew()
    except LocalKafkaError as error:
        raise click.ClickException(str(error)) from error


def _watch(kafka: LocalKafka, stopped: threading.Event) -> None:
    """Returns when it is asked to stop; raises LocalKafkaError if the broker ends by itself."""
    while not stopped.wait(LOOK_SECONDS):
        if (why := kafka.died()) is not None:
            raise LocalKafkaError(why)


if __name__ == "__main__":
    main(prog_name="python -m broker")
