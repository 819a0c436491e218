"""Why a worker waits before it delivers, as its log says it."""

from typing import Final

from tests.kit.process import Process

_NO_ANSWER: Final = "reaching Kafka at "
"""It is asked for a sign of life before each try, and on a busy machine that can be late: a reason of its own."""


def waiting_reasons(worker: Process) -> list[str]:
    """What `deliver` has said so far that it waits for, except that Kafka was late with a sign of life."""
    said = [str(line["reason"]) for line in worker.log() if line.get("event") == "deliver.waiting"]
    return [reason for reason in said if not reason.startswith(_NO_ANSWER)]
