"""Programs that print an event a line, and name on standard error the place of what is none."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.engines.pipeline import Pipeline
from tests.kit import eventually
from tests.kit.child import Child

LIMIT_S: Final = 180.0
_NO_EVENT: Final = re.compile(r"^no event at (\d+):(\d+): \S", re.MULTILINE)


def assert_reads_all(command: Sequence[str], folder: Path, pipeline: Pipeline, *, nothing: str) -> None:
    """A program prints every event, and names every other record.

    Args:
        command: the program, which runs until it is stopped.
        folder: where it runs, and where its log goes.
        pipeline: what it reads.
        nothing: as it prints a member that an event does not have.
    """
    ids = {str(event[0]) for event in pipeline.members}
    wanted = {" ".join(member or nothing for member in event[:4]) for event in pipeline.members}
    odd = {(one.partition, one.offset) for one in pipeline.odd.values()}
    log = folder / "program.log"
    program = Child(command, folder=folder, log=log)

    def complete() -> bool:
        if (why := program.died()) is not None:
            raise RuntimeError(f"{why}\n{log.read_text('utf-8')}")
        said = log.read_text("utf-8")
        found = {line for line in said.splitlines() if line.partition(" ")[0] in ids}
        places = {(int(partition), int(offset)) for partition, offset in _NO_EVENT.findall(said)}
        assert (wanted, odd) == (found, places)
        return True

    try:
        eventually(complete, LIMIT_S)
    finally:
        program.stop(LIMIT_S)


def read_in_words(pipeline: Pipeline) -> str:
    """What such a program has read, for the table of the documents."""
    return f"{len(pipeline.sent)} events of two releases; {len(pipeline.odd)} other records named and passed"
