"""Where an engine finds the events: the topic, or files of an export. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from schemas.catalog import Release

_NO_PART_OF_A_NAME: Final = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, kw_only=True, slots=True)
class EventsPlace:
    """The topic with all that is needed to read it, and files that an export has written."""

    topic: str
    brokers: str
    """As Kafka's clients take them."""
    schema_url: str
    """Of an HTTP service that answers as a schema registry does."""
    files: str
    """Pattern of the paths of Parquet files."""
    releases: tuple[Release, ...]
    """Of the schema, the latest one last."""

    @property
    def view(self) -> str:
        """The name of the view: that of the topic, with `_` for what is no part of a plain name."""
        name = _NO_PART_OF_A_NAME.sub("_", self.topic)
        return f"_{name}" if name[0].isdigit() else name

    @property
    def source(self) -> str:
        """The name of the table or view of the topic's own records."""
        return f"{self.view}_topic"
