"""One sender of POSTs as the intake sees it; knows nothing of YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from runtime.config.secrets import Secret

SourceFormat = Literal[
    "distribution",
    "gitlab",
    "acr",
    "harbor",
    "zot",
    "github",
    "docker-hub",
    "quay",
    "gitea",
    "ecr",
    "cloudevents",
]
Kept = Literal["images", "all"]
HMACScheme = Literal["sha256", "standard-webhooks"]
ENVELOPE_FORMATS: Final[frozenset[SourceFormat]] = frozenset({"distribution", "gitlab"})
"""Formats of registries that send envelopes."""

SIGNATURE_HEADERS: Final[Mapping[SourceFormat, str]] = {
    "github": "x-hub-signature-256",
    "gitea": "x-gitea-signature",
}
"""In which a format's sender puts its HMAC; the others have no header of their own."""
DEFAULT_DROPS: Final[Mapping[SourceFormat, tuple[str, ...]]] = {"gitlab": ("actor.user",)}
"""What is removed where the file does not say `drop`: GitLab puts a token there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HMACSettings:
    """By what a sender's signature is checked."""

    secret: tuple[Secret, ...]
    """Several while rotating: the signature must be by one of them."""
    scheme: HMACScheme = "sha256"
    """`sha256`: the digits of the HMAC-SHA-256 of the body, with or without `sha256=` before them."""
    header: str = ""
    """In lower case; empty where the scheme has headers of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSettings:
    """One source: what it sends, and how it proves itself. All proofs that are set must hold."""

    name: str
    """Of the path that it POSTs to."""
    format: SourceFormat
    registry: str
    """The label of its events."""
    authorization: tuple[Secret, ...] = ()
    """The exact Authorization values, of which a POST must carry one; empty: none is asked for."""
    hmac: HMACSettings | None = None
    """None: no signature is asked for."""
    token: tuple[Secret, ...] = ()
    """Of which a POST must have one in its query; empty: none is asked for."""
    keep: Kept = "images"
    """Whether what is no event of an image is counted only, or an event too."""
    drop: tuple[str, ...] = ()
    """Members removed from each body, or from each event of an envelope: their names and those on the way, by dots."""

    @property
    def is_open(self) -> bool:
        """Whether a POST need not prove anything."""
        return not (self.authorization or self.hmac or self.token)
