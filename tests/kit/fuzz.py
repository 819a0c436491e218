"""`python -m tests.kit.fuzz` seeks new examples: it runs the property tests with fresh seeds until its time is up.

A round is one run of all property tests with one seed, in a process of its own. The seed decides everything that is
drawn, and the order of sets, so that it repeats the round.
"""

import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tests.kit.examples import FUZZ
from tests.kit.fuzz_round import Counts

SEEDS = 2**32  # what PYTHONHASHSEED takes
FOREVER = 1e9
ENDED_WELL = {0, 5}  # tests passed, or none was selected


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True)
@click.option("--seed", type=click.IntRange(0, SEEDS - 1), help="Run one whole round with this seed.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(minutes: float, seed: int | None, arguments: tuple[str, ...]) -> None:
    """Run the property tests with fresh randomness; stop at the first round that finds a fault.

    ARGUMENTS go to pytest: files, or -k NAME.
    """
    began = time.monotonic()
    rounds = examples = 0
    for one, seconds in _fresh(minutes * 60) if seed is None else [(seed, FOREVER)]:
        status, counts = _round(one, seconds, arguments)
        rounds, examples = rounds + 1, examples + counts.examples
        click.echo(f"round {rounds}: seed {one}, {counts.tests} property tests, {counts.examples:,} examples")
        _judge(one, status, counts, arguments)
    if examples == 0:
        raise click.ClickException("no property test was run")
    passed = (time.monotonic() - began) / 60
    click.echo(f"nothing found: {examples:,} examples, rounds: {rounds}, minutes: {passed:.1f}")


def _fresh(seconds: float) -> Iterator[tuple[int, float]]:
    """Seeds, each with the seconds that are left for it."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        yield random.SystemRandom().randrange(SEEDS), left


def _round(seed: int, seconds: float, arguments: Sequence[str]) -> tuple[int, Counts]:
    """Pytest's exit status, and what it counted."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "counts.json")
        command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--no-header", "-p", "no:cacheprovider"]
        command += ["-p", "tests.kit.fuzz_round", "--fuzz-seconds", str(seconds), "--fuzz-counts", str(report)]
        command += ["--hypothesis-profile", FUZZ, "--hypothesis-seed", str(seed), *arguments]
        done = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": str(seed)}, check=False)
        counts = Counts(**json.loads(report.read_text())) if report.exists() else Counts()
    return done.returncode, counts


def _judge(seed: int, status: int, counts: Counts, arguments: Sequence[str]) -> None:
    """Raises ClickException if the round found a fault, or did not end well."""
    if counts.failed:
        found = f"{len(counts.failed)} property tests failed" if len(counts.failed) > 1 else "a property test failed"
        raise click.ClickException(f"{found}; the same again: {_command(seed, counts.failed)}")
    if status not in ENDED_WELL:
        raise click.ClickException(f"pytest ended with exit {status}; the same again: {_command(seed, arguments)}")


def _command(seed: int, arguments: Sequence[str]) -> str:
    return f"make fuzz SEED={seed} ARGS={shlex.quote(shlex.join(arguments))}"


if __name__ == "__main__":
    main(prog_name="python -m tests.kit.fuzz")
