"""`registry-worker dead-letters redrive`."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing

import click

from consumer.commands.letter_options import ChosenLetters, choosing_letters, show_without_change
from consumer.commands.pause_notice import warn_of_pauses
from consumer.commands.progress import shown
from consumer.dead_letters.letter import Letter
from consumer.dead_letters.redrive_all import RedriveAll, RedriveResult
from runtime.cli.running import run_service
from runtime.cli.terminal import printable
from runtime.config import EndpointSettings


@click.command("redrive", epilog="Example: registry-worker dead-letters redrive --endpoint ci --rate 10")
@choosing_letters
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="At most N requests a second to each endpoint.",
)
@click.option("--dry-run", is_flag=True, help="List what would be sent, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, one object for each endpoint.")
def redrive_command(chosen: ChosenLetters, *, rate: float | None, dry_run: bool, as_json: bool) -> int:
    """Send open dead letters to their endpoint again.

    Letters of one repository are sent in order. Each delivered letter is closed. Exit 0 only if every letter was
    delivered. A letter that fails again, or was not sent, stays open: run the command again.
    """
    if dry_run:
        return show_without_change(chosen, "be redriven", as_json=as_json)
    by_endpoint: dict[str, list[Letter]] = {}
    for letter in chosen.letters:
        by_endpoint.setdefault(letter.endpoint, []).append(letter)
    endpoints = [endpoint for endpoint in chosen.settings.endpoints if endpoint.name in by_endpoint]
    enabled = [endpoint for endpoint in endpoints if not endpoint.disabled]
    warn_of_pauses(chosen.view, enabled)
    results = _redriven(chosen, by_endpoint, enabled, rate)
    for result in results:
        lines = [json.dumps(result.report.as_json())] if as_json else map(printable, result.report.lines())
        click.echo("\n".join(lines))
    left = _say_unreachable(by_endpoint, endpoints, enabled)
    for fault in (result.fault for result in results if result.fault is not None):
        raise fault
    return 0 if not left and all(result.report.is_complete for result in results) else 1


def _redriven(
    chosen: ChosenLetters, letters: dict[str, list[Letter]], endpoints: Sequence[EndpointSettings], rate: float | None
) -> list[RedriveResult]:
    """Run the redrive; SIGINT and SIGTERM end it in order."""
    found: list[RedriveResult] = []
    total = sum(len(letters[endpoint.name]) for endpoint in endpoints)
    with closing(chosen.view.open_writer()) as writer, shown(total, "redriving") as progress:
        redrive = RedriveAll(
            chosen.topic, writer, chosen.view.clock, drain_s=chosen.settings.worker.drain_s, progress=progress
        )

        async def service(stop: asyncio.Event) -> int:
            found.extend(await redrive.run(letters, endpoints, stop, rate=rate))
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
        click.echo(printable(f"{name}: {len(of_endpoint)} not sent: the endpoint {why}"), err=True)
        left += len(of_endpoint)
    return left
