"""What real registries sent, 2.8.2 and 3.1.1, as tests/fixtures keeps it: pushes, pulls, mounts, deletes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass(frozen=True, slots=True)
class Notification:
    """One POST of a registry."""

    content_type: str
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its events, in the registry's JSON."""
        return list(json.loads(self.body)["events"])


def notifications() -> Iterator[Notification]:
    """All of them, the older registry's first."""
    for path in sorted(FIXTURES.glob("registry-*.jsonl")):
        for line in path.read_bytes().splitlines():
            kept = json.loads(line)
            yield Notification(kept["contentType"], kept["body"].encode())
