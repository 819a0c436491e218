"""`make chaos`: runs seeds, says how each went, and prints the table of all; exit 1 if a promise was not kept."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click

from tests.chaos.campaign import Campaign
from tests.chaos.drawing import draw
from tests.chaos.results import HELD, Result, parse
from tests.chaos.table import table
from tests.kit.paths import ROOT

HOME = ROOT / ".local" / "chaos"
RESULTS = HOME / "results.jsonl"


@click.command()
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True, help="How many seeds to run.")
@click.option("--first", type=click.IntRange(0), help="The first seed; by default the first that has no result yet.")
@click.option("--seed", type=click.IntRange(0), help="Run this seed alone, and print its schedule.")
@click.option("--jobs", type=click.IntRange(1, 6), default=2, show_default=True, help="How many runs at once.")
@click.option("--table", "only_table", is_flag=True, help="Run nothing: print the table of all results so far.")
def main(seeds: int, first: int | None, seed: int | None, jobs: int, *, only_table: bool) -> None:
    """Run seeded chaos: real processes and brokers, faults by a schedule, and an oracle.

    Example: python -m tests.chaos --seeds 100 --jobs 3
    """
    if only_table:
        click.echo(table(_results()))
        return
    wanted = [seed] if seed is not None else _next(seeds, first)
    if seed is not None:
        click.echo(draw(seed))
    with _alone():
        made = Campaign(HOME, min(jobs, len(wanted)), RESULTS).run(wanted, _tell)
    click.echo(table(made))
    sys.exit(0 if all(result.verdict == HELD for result in made) else 1)


@contextmanager
def _alone() -> Iterator[None]:
    """Two campaigns would share folders and brokers; the second ends with a line."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another campaign runs in {HOME.relative_to(Path.cwd())}: wait for its end, or end it")
        yield


def _results() -> list[Result]:
    return parse(RESULTS.read_text().splitlines()) if RESULTS.exists() else []


def _next(count: int, first: int | None) -> list[int]:
    done = {result.seed for result in _results()} if first is None else set()
    return list(islice((seed for seed in range(first or 0, sys.maxsize) if seed not in done), count))


def _tell(result: Result) -> None:
    click.echo(result.progress())
    if result.verdict != HELD:
        for why in result.why:
            click.echo(f"    {why}")
        click.echo(f"    the story and all logs: {(HOME / f'seed-{result.seed}').relative_to(Path.cwd())}")


if __name__ == "__main__":
    main(prog_name="python -m tests.chaos")
