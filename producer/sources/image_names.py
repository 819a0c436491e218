"""What senders write where an image is named: a host, a tag or a digest; and where its manifest is found. Pure."""

from typing import Final, NamedTuple

__all__ = ["Reference", "host_of", "manifest_url", "reference_of"]


_LONGEST_URL: Final = 2048
"""Characters of a manifest's URL: each event of a body has one, and a repository's name can be as long as the body."""


class Reference(NamedTuple):
    """What names a manifest in its repository: one of the two, the other is empty."""

    tag: str = ""
    digest: str = ""


def reference_of(text: str) -> Reference:
    """A text that is a tag or a digest: only a digest has a colon."""
    return Reference(digest=text) if ":" in text else Reference(tag=text)


def host_of(name: str) -> str:
    """The host of an image's name or URL; empty if it has none.

    As everywhere, what is before the first slash is a host if it has a dot or a colon, or is `localhost`.
    """
    scheme, found, rest = name.partition("://")
    host, slash, _ = (rest if found and scheme in {"http", "https"} else name).partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else ""


def manifest_url(host: str, repository: str, digest: str) -> str:
    """Where a registry gives out this manifest; empty if anything of it is not known, or longer than any URL."""
    is_known = host and repository and digest and len(host) + len(repository) + len(digest) < _LONGEST_URL
    return f"https://{host}/v2/{repository}/manifests/{digest}" if is_known else ""
