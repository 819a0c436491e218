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
RESULTS = "results.jsonl"


@click.command()
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True, help="How many seeds to run.")
@click.option("--first", type=click.IntRange(0), help="The first seed; by default the first that has no result yet.")
@click.option("--seed", type=click.IntRange(0), help="Run this seed alone, and print its schedule.")
@click.option("--jobs", type=click.IntRange(1, 6), default=2, show_default=True, help="How many runs at once.")
@click.option("--home", type=click.Path(path_type=Path), default=HOME, help="Folder of the runs and their results.")
@click.option("--table", "only_table", is_flag=True, help="Run nothing: print the table of all results so far.")
def main(seeds: int, first: int | None, seed: int | None, jobs: int, home: Path, *, only_table: bool) -> None:
    """Run seeded chaos: real processes and brokers, faults by a schedule, and an oracle.

    Example: python -m tests.chaos --seeds 100 --jobs 3
    """
    if only_table:
        click.echo(table(_results(home)))
        return
    wanted = [seed] if seed is not None else _next(seeds, first, _results(home))
    if seed is not None:
        click.echo(draw(seed))
    with _alone(home):
        made = Campaign(home, min(jobs, len(wanted)), home / RESULTS).run(wanted, _Progress(home).tell)
    click.echo(table(made))
    sys.exit(0 if all(result.verdict == HELD for result in made) else 1)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two campaigns would share folders and brokers; the second ends with a line."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another campaign runs in {home}: wait for its end, or end it")
        yield


def _results(home: Path) -> list[Result]:
    file = home / RESULTS
    return parse(file.read_text().splitlines()) if file.exists() else []


def _next(count: int, first: int | None, results: list[Result]) -> list[int]:
    done = {result.seed for result in results} if first is None else set()
    return list(islice((seed for seed in range(first or 0, sys.maxsize) if seed not in done), count))


class _Progress:
    """Prints how each run went."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def tell(self, result: Result) -> None:
        """A run is over."""
        click.echo(result.progress())
        if result.verdict != HELD:
            for why in result.why:
                click.echo(f"    {why}")
            click.echo(f"    the story and all logs: {self._home / f'seed-{result.seed}'}")


if __name__ == "__main__":
    main(prog_name="python -m tests.chaos")
