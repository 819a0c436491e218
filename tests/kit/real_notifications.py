"""What real registries sent, 2.8.2 and 3.1.1, as tests/fixtures keeps it: pushes, pulls, mounts, deletes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.kit.paths import FIXTURES


@dataclass(frozen=True, slots=True)
class Notification:
    """One POST of a registry."""

    name: str
    """Version and number."""
    content_type: str
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its events, in the registry's JSON."""
        return list(json.loads(self.body)["events"])


VERSIONS = ("2.8.2", "3.1.1")


def notifications(*versions: str) -> Iterator[Notification]:
    """Those of these versions, of all by default, the older registry's first."""
    for version in versions or VERSIONS:
        for number, line in enumerate((FIXTURES / f"registry-{version}.jsonl").read_bytes().splitlines(), 1):
            kept = json.loads(line)
            yield Notification(f"{version}:{number}", kept["contentType"], kept["body"].encode())
