"""What other registries send, as samples: `tests/fixtures/sources/FORMAT/NAME.json`, each a body as it comes.

The headers of a format's samples are in `headers.json` beside them. All values are invented.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producer.sources.post import ForeignPost
from tests.kit.paths import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "sources"
HEADERS = "headers.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """One POST of a sender."""

    format: str
    name: str
    """The file's, without `.json`."""
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes

    @property
    def post(self) -> ForeignPost:
        """What a reader gets of it, with all headers but that of the body's type."""
        headers = {name: value for name, value in self.headers.items() if name != "content-type"}
        return ForeignPost(self.body, self.headers["content-type"], headers)

    @property
    def value(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    def with_value(self, value: Any) -> ForeignPost:
        """The same POST with another body."""
        return ForeignPost(json.dumps(value).encode(), self.post.content_type, self.post.headers)


def sample(source_format: str, name: str) -> Sample:
    """The sample of this name."""
    file = FOLDER / source_format / f"{name}.json"
    headers = {"content-type": "application/json", **_headers(file.parent).get(file.name, {})}
    return Sample(source_format, name, headers, file.read_bytes())


def samples(source_format: str) -> list[Sample]:
    """All samples of a format."""
    files = sorted((FOLDER / source_format).glob("*.json"))
    return [sample(source_format, file.stem) for file in files if file.name != HEADERS]


def _headers(folder: Path) -> dict[str, dict[str, str]]:
    file = folder / HEADERS
    found: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found
