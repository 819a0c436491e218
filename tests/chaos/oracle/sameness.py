"""An event that comes again has the same webhook-id and the same bytes. Pure."""

from collections.abc import Iterator
from typing import Final

from tests.chaos.facts import Evidence, Place, Violation

CHANGED: Final = "changed"


def check(evidence: Evidence) -> Iterator[Violation]:
    """What was not what was sent, or not the same again; batches of the same events too."""
    first: dict[tuple[str, tuple[Place, ...]], tuple[str, bytes]] = {}
    for request in evidence.requests:
        if request.odd:
            yield Violation(CHANGED, f"{request.ids} at {request.endpoint}: {request.odd}", request.ids[0])
        sent = (request.webhook_id, request.digest)
        if first.setdefault((request.endpoint, request.places), sent) != sent:
            text = f"{request.ids} came to {request.endpoint} again with another webhook-id or other bytes"
            yield Violation(CHANGED, text, request.ids[0])
