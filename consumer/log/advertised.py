"""The address of a worker's pages in the client ids of its consumers: so others find the worker by Kafka. Pure.

registry-worker-ci@10.0.0.7:5051      it listens at this address
registry-worker-ci@*:5051             it listens everywhere: the host is the one that Kafka sees it come from
registry-worker-ci                    it has no pages
"""

from typing import Final

from runtime.config.addresses import Address, is_any, parse_address

_AT: Final = "@"
_EVERYWHERE: Final = "*"


def with_pages(client_id: str, pages: Address | None) -> str:
    """The client id of a worker's consumer; `pages` is where its pages are, None if there are none."""
    if pages is None or not pages.port:
        return client_id
    return f"{client_id}{_AT}{_EVERYWHERE}:{pages.port}" if is_any(pages.host) else f"{client_id}{_AT}{pages}"


def pages_of(client_id: str, host: str) -> Address | None:
    """Where the pages of this member are; None if it has none, or is no worker of ours.

    Args:
        client_id: as the group has it.
        host: from where it connects, as Kafka sees it.
    """
    _, separator, written = client_id.rpartition(_AT)
    if not separator:
        return None
    if written.startswith(f"{_EVERYWHERE}:"):
        shown = f"[{host}]" if ":" in host else host
        written = shown + written.removeprefix(_EVERYWHERE)
    try:
        return parse_address(written)
    except ValueError:
        return None
