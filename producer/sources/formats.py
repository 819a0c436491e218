"""The formats of sources that are no distribution registries: who reads them, and what else is to be known. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from producer.sources import acr, cloudevents, docker_hub, ecr, gitea, github, harbor, quay, zot
from producer.sources.cloud_event import BATCHED, STRUCTURED
from producer.sources.post import ForeignPost
from producer.sources.reading import PostReading
from runtime.config.source_settings import SourceFormat
from schemas.wire import ENVELOPE_MEDIA_TYPES

__all__ = ["FORMATS", "ForeignFormat"]

_JSON: Final = "application/json"


class ReadsPosts(Protocol):
    """A reader of a format."""

    def __call__(self, post: ForeignPost) -> PostReading:
        """What is in the body.

        Raises:
            NotThisFormatError: it is not of this format.
        """
        ...


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """One format."""

    read: ReadsPosts
    kinds: tuple[str, ...]
    """All actions that `PostReading.others` can have: few, since they are labels of a metric."""
    media_types: tuple[str, ...] = (_JSON,)
    """What a POST may come with, in lower case and without parameters."""
    kept_headers: tuple[str, ...] = ()
    """Headers that belong to the format, in lower case; `ce-*` stands for all that begin so."""


FORMATS: Final[Mapping[SourceFormat, ForeignFormat]] = {
    "acr": ForeignFormat(acr.read, acr.KINDS),
    "harbor": ForeignFormat(harbor.read, harbor.KINDS, (_JSON, STRUCTURED)),
    "zot": ForeignFormat(zot.read, zot.KINDS, (_JSON, STRUCTURED), ("ce-*",)),
    "github": ForeignFormat(github.read, github.KINDS, kept_headers=github.HEADERS),
    "docker-hub": ForeignFormat(docker_hub.read, ()),
    "quay": ForeignFormat(quay.read, quay.KINDS),
    "gitea": ForeignFormat(gitea.read, gitea.KINDS, kept_headers=gitea.HEADERS),
    "ecr": ForeignFormat(ecr.read, ecr.KINDS),
    "cloudevents": ForeignFormat(
        cloudevents.read, cloudevents.KINDS, (STRUCTURED, BATCHED, *ENVELOPE_MEDIA_TYPES), ("ce-*",)
    ),
}
"""Each format but `distribution` and `gitlab`, whose envelopes are read as they always were."""
