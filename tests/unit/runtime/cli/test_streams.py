"""Standard error that cannot be written: messages are dropped, the process goes on and ends well."""

import os
from pathlib import Path

from runtime.cli.streams import LossyStream


def test_messages_without_a_reader_are_dropped() -> None:
    """A pipe that nobody reads any more takes everything, silently, from the first refusal on."""
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    lossy = LossyStream(stream)
    os.close(reading)
    for _ in range(3):
        print("a message", file=lossy, flush=True)
    stream.close()


def test_a_gap_is_told(tmp_path: Path) -> None:
    """When a disk that was full takes messages again, a line says that some are missing and why."""
    file = (tmp_path / "log").open("w", buffering=1)
    lossy = LossyStream(file)
    log = os.dup(file.fileno())
    full = os.open("/dev/full", os.O_WRONLY)
    lossy.write("first\n")
    os.dup2(full, file.fileno())
    lossy.write("x" * 20_000 + "\n")
    os.dup2(log, file.fileno())
    lossy.write("last\n")
    lossy.flush()
    lines = (tmp_path / "log").read_text().splitlines()
    assert ("first", "last") == (lines[0], lines[-1])
    assert "messages are missing before this one: No space left on device" in lines
    file.close()
    os.close(log)
    os.close(full)
