"""The sample events: envelopes as a registry 2.8 and a registry 3.1 sent them, byte for byte, with ids of their own.

`events-2.8.jsonl` and `events.jsonl` have one envelope a line, as `registry-bridge publish` takes them too.
"""

import http.client
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent
FILES = {
    FOLDER / "events-2.8.jsonl": "application/vnd.docker.distribution.events.v1+json",
    FOLDER / "events.jsonl": "application/vnd.docker.distribution.events.v2+json",
}
"""The Content-Type of the POSTs, by file: what sent them was of one release each."""
INDENT = 3
"""A registry's own white space in its bodies."""
PAUSE_SECONDS = 0.5


class NotTakenError(Exception):
    """The intake would not take an envelope; the text is its answer."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One envelope of one event."""

    id: str
    content_type: str
    body: bytes


def read_samples() -> list[Sample]:
    """The events, each with an id that no event had before: those of every run are events of their own."""
    return [_renamed(line, type_) for file, type_ in FILES.items() for line in file.read_text("utf-8").splitlines()]


def _renamed(line: str, content_type: str) -> Sample:
    [event] = json.loads(line)["events"]
    fresh = str(uuid.uuid4())
    return Sample(fresh, content_type, msgspec.json.format(line.replace(event["id"], fresh), indent=INDENT).encode())


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
        answered = f"the intake answered {answer.status}: {answer.read().decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        return f"the intake does not answer: {error}"
    finally:
        connection.close()
    if answer.status not in {200, 503}:
        raise NotTakenError(answered)
    return answered if answer.status == 503 else None
