"""The tables of docs/configuration.md: each key's default, and what it is."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import yaml

from tests.kit.paths import ROOT

_ROW = re.compile(r"^\| `([^`|]+)` \| ([^|]*) \| (.*) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


class Row(NamedTuple):
    """A key as the page has it."""

    default: str
    """A value in backticks, `required`, or a dash: off until it is written."""
    text: str

    @property
    def has_default(self) -> bool:
        """Whether a value stands there."""
        return self.default.startswith("`")

    @property
    def value(self) -> Any:
        """The default as YAML reads it."""
        return yaml.safe_load(self.default.strip("`"))

    @property
    def plain(self) -> str:
        """The text without the page's links and marks."""
        return _LINK.sub(r"\1", self.text).replace("`", "")


@cache
def documented_keys() -> Mapping[str, Row]:
    """The rows, by key; `endpoints[].` stands before those of an endpoint."""
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    return {key: Row(default.strip(), text) for key, default, text in _ROW.findall(page)}
