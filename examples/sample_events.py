"""The sample events: envelopes as a registry 2.8 and a registry 3.1 sent them, byte for byte, with ids of their own.

`events.jsonl` has one a line: the Content-Type and the body of a POST.
"""

import http.client
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("events.jsonl")
PAUSE_SECONDS = 0.5


class NotTakenError(Exception):
    """The intake would not take an envelope; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One envelope of one event."""

    id: str
    content_type: str
    body: bytes


def read_samples() -> list[Sample]:
    """The events, each with an id that no event had before: those of every run are events of their own."""
    return [_renamed(json.loads(line)) for line in FILE.read_text("utf-8").splitlines()]


def _renamed(row: dict[str, str]) -> Sample:
    [event] = json.loads(row["body"])["events"]
    fresh = str(uuid.uuid4())
    return Sample(fresh, row["contentType"], row["body"].replace(event["id"], fresh).encode())


def post(sample: Sample, *, address: str, path: str, authorization: str, may_wait: Callable[[], bool]) -> None:
    """POSTs an envelope as a registry does: again after a 503 or when nothing answers, as long as `may_wait` says.

    Raises:
        NotTakenError: any other answer than 200, or it may not wait any longer.
    """
    while (refusal := _try(sample, address, path, authorization)) is not None:
        if not may_wait():
            raise NotTakenError(refusal)
        time.sleep(PAUSE_SECONDS)


def _try(sample: Sample, address: str, path: str, authorization: str) -> str | None:
    """None if it was taken, else why not; raises NotTakenError if trying again makes no sense."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        headers = {"Content-Type": sample.content_type, "Authorization": authorization}
        connection.request("POST", path, sample.body, headers)
        answer = connection.getresponse()
        said = f"the intake answered {answer.status}: {answer.read().decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        return f"the intake does not answer: {error}"
    finally:
        connection.close()
    if answer.status not in {200, 503}:
        raise NotTakenError(said)
    return said if answer.status == 503 else None
