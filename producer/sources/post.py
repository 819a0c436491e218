"""What a reader of a format gets. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ForeignPost"]


@dataclass(frozen=True, slots=True)
class ForeignPost:
    """A POST of a sender that is no distribution registry."""

    body: bytes
    """UTF-8 JSON within the limits, without a byte order mark and without what the source's `drop` removes."""
    content_type: str
    """As it came, with parameters; one of the format's media types."""
    headers: Mapping[str, str]
    """Those that the format keeps, by lower-case names; no proof of who has sent it is among them."""
