"""What `make run` and `make demo` do: everything up on this machine, sample events through it, and what arrived.

    sample events --POST--> intake --> Kafka --> worker --POST--> sample endpoint (in this process)

Uses the two commands as an operator would: by their configuration file, their HTTP side and their signals.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import click

from broker import LocalKafka, LocalKafkaError
from broker.ports import LOOPBACK, is_free
from broker.storage import DATA
from examples.children import ROOT, Child, ChildError, shown
from examples.home import ENDPOINT_PATH, KAFKA, KAFKA_PORT, PREFIX, Home, HomeError, opened, reachable
from examples.next_steps import authorization, next_steps
from examples.sample_endpoint import Arrival, SampleEndpoint
from examples.sample_events import NotTakenError, Sample, post, read_samples
from runtime.cli.signals import StopSignals
from runtime.config import Address, ConfigurationError, Settings
from runtime.config.broker_list import broker_list_fault, shown_brokers

LOOK_SECONDS = 0.5
INTERRUPTED = 130


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


class Arrivals:
    """What the endpoint got: prints it, and knows which of the expected events are still to come."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._awaited: set[str] = set()

    def expect(self, identifier: str) -> None:
        """Waits for the event with this id from now on."""
        with self._changed:
            self._awaited.add(identifier)

    def arrived(self, arrival: Arrival) -> None:
        """Prints an event and no longer waits for it."""
        with self._changed:
            click.echo(f"  {arrival.line}")
            self._awaited.discard(arrival.id)
            self._changed.notify_all()

    def missing(self, seconds: float) -> int:
        """How many are still to come, at once when that is none, else after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._awaited, seconds)
            return len(self._awaited)


class Demo:
    """The parts, once they run.

    Args:
        home: its folder.
        settings: what its configuration says in this run.
        kafka: the local broker, None if the user brought one.
        intake: `registry-bridge serve`.
        worker: `registry-worker deliver`.
        arrivals: what the sample endpoint got.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        kafka: LocalKafka | None,
        intake: Child,
        worker: Child,
        arrivals: Arrivals,
    ) -> None:
        self._home = home
        self._settings = settings
        self._kafka = kafka
        self._intake = intake
        self._worker = worker
        self._arrivals = arrivals

    def check(self) -> None:
        """Raises ChildError or DemoError if one of the parts has ended."""
        if self._kafka is not None and (why := self._kafka.died()) is not None:
            raise DemoError(why)
        self._intake.check()
        self._worker.check()

    def send(self, seconds: float) -> str | None:
        """Sends the sample events through the intake; returns when the endpoint has got them all, or says what is late.

        Raises:
            NotTakenError, ChildError, DemoError: they were not taken within `seconds`, or a part has ended.
        """
        samples, deadline = read_samples(), time.monotonic() + seconds
        click.echo(f"\nSending {len(samples)} sample events to the intake; what arrives at the endpoint:\n")
        for sample in samples:
            self._arrivals.expect(sample.id)
            self._post(sample, deadline)
        while missing := self._arrivals.missing(LOOK_SECONDS):
            self.check()
            if time.monotonic() >= deadline:
                return f"{missing} of {len(samples)} events have not arrived after {seconds:g} s"
        click.echo(f"\nAll {len(samples)} have arrived.")
        return None

    def late(self, what: str) -> DemoError:
        """The error that says what is late, with the end of the worker's log."""
        return DemoError(f"{what}{self._worker.last_words()}")

    def _post(self, sample: Sample, deadline: float) -> None:
        intake = self._settings.intake
        door = {
            "address": reachable(intake.listen),
            "path": intake.path,
            "authorization": authorization(self._settings),
        }
        post(sample, **door, may_wait=lambda: time.monotonic() < deadline)

    def show(self) -> None:
        """Says what the user can do next."""
        click.echo(next_steps(self._home, self._settings))

    def stay(self) -> NoReturn:
        """Stays up until it is interrupted; raises ChildError or DemoError if a part ends before that."""
        click.echo("Up until Ctrl-C. Events of a registry that points here are printed as they arrive.")
        while True:
            self.check()
            time.sleep(LOOK_SECONDS)


@contextmanager
def running(folder: Path, broker: str | None, kafka_port: int | None, prefix: str, seconds: float) -> Iterator[Demo]:
    """Everything up and ready; all of it is stopped in order at the end, the last started first."""
    with ExitStack() as stack:
        home = stack.enter_context(opened(folder))
        kafka = None if broker else stack.enter_context(_kafka(kafka_port))
        home.set("DEMO_KAFKA", broker or (kafka.bootstrap if kafka else ""), KAFKA)
        home.set("DEMO_PREFIX", prefix, PREFIX)
        settings = home.settings()
        click.echo(f"Kafka      {settings.kafka.bootstrap_servers}")
        arrivals = Arrivals()
        stack.callback(_endpoint(home, arrivals).stop)
        click.echo(f"Endpoint   http://{LOOPBACK}:{home.endpoint_port}{ENDPOINT_PATH}")
        intake = stack.enter_context(_child(home, "intake", settings.intake.listen, "producer.cli", "serve"))
        worker = stack.enter_context(_child(home, "worker", settings.worker.listen, "consumer.cli", "deliver"))
        intake.wait_until_ready(seconds)
        click.echo(
            f"Intake     http://{reachable(settings.intake.listen)}{settings.intake.path}   (log: {shown(intake.log)})"
        )
        worker.wait_until_ready(seconds)
        click.echo(f"Worker     http://{reachable(settings.worker.listen)}   (log: {shown(worker.log)})")
        stack.callback(click.echo, "Stopping ...")
        yield Demo(home, settings, kafka=kafka, intake=intake, worker=worker, arrivals=arrivals)


def _kafka(port: int | None) -> LocalKafka:
    click.echo("Starting Kafka ...")
    wanted = port if port is not None else KAFKA_PORT if is_free(KAFKA_PORT) else 0
    return LocalKafka(DATA, port=wanted)


def _endpoint(home: Home, arrivals: Arrivals) -> SampleEndpoint:
    try:
        endpoint = SampleEndpoint(LOOPBACK, home.endpoint_port, arrivals.arrived)
    except OSError as error:
        raise DemoError(f"the sample endpoint cannot listen on port {home.endpoint_port}: {error.strerror}") from error
    endpoint.start()
    return endpoint


def _child(home: Home, name: str, listen: Address, module: str, command: str) -> Child:
    arguments = ["-m", module, command, "-c", str(home.config), "--log-format", "json"]
    log = home.folder / f"{name}.log"
    return Child(name, arguments, address=reachable(listen), log=log, environment=home.environment)


def _brokers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Named here by what was typed; the configuration has only a variable there."""
    if value and (fault := broker_list_fault(value, None)):
        raise click.BadParameter(f"{shown_brokers(value)} {fault}")
    return value


@click.command()
@click.option("--once", is_flag=True, help="Stop with exit 0 when all sample events have arrived.")
@click.option(
    "--broker",
    metavar="HOST:PORT",
    callback=_brokers,
    help="A Kafka that is there already; without it a local one is started.",
)
@click.option("--kafka-port", type=click.IntRange(1, 65_535), help="Of the local Kafka [9092 if it is free].")
@click.option("--prefix", default=PREFIX, show_default=True, help="Begins the names of topics and groups.")
@click.option("--home", type=click.Path(path_type=Path), default=ROOT / ".local" / "demo", help="Folder of its files.")
@click.option(
    "--patience", type=click.FloatRange(1.0), default=60.0, show_default=True, help="Seconds until giving up."
)
def main(*, once: bool, broker: str | None, kafka_port: int | None, prefix: str, home: Path, patience: float) -> None:
    """Run the whole bridge on this machine and send sample events through it."""
    try:
        with StopSignals(), running(home, broker, kafka_port, prefix, patience) as demo:
            late = demo.send(patience)
            if once:
                if late is not None:
                    raise demo.late(late)
                click.echo("`make run` does the same and stays up.")
                return
            if late is not None:
                click.echo(f"\n{late}; the worker's page and `status`, below, show why they wait.")
            demo.show()
            demo.stay()
    except KeyboardInterrupt:
        with suppress(OSError):  # its terminal may be closed
            click.echo("\nStopped.")
        sys.exit(INTERRUPTED if once else 0)
    except ConfigurationError as error:
        click.echo("\n".join(error.faults), err=True)
        sys.exit(2)
    except (DemoError, ChildError, HomeError, NotTakenError, LocalKafkaError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main(prog_name="demo")
