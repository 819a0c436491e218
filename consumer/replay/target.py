"""Where a replay delivers: the endpoint as it is configured, but for what the run changes. Pure."""

from dataclasses import replace
from typing import Final

from runtime.config import EndpointSettings, Secret

RUN_HEADER: Final = "registry-replay"
"""By which a receiver tells a replayed request from a live one."""


def target_of(
    endpoint: EndpointSettings, run: str, *, url: str = "", rate: float | None = None, everything: bool = False
) -> EndpointSettings:
    """The endpoint of a run.

    Args:
        endpoint: as configured.
        run: what the header `registry-replay` says.
        url: another address; empty: its own.
        rate: requests a second instead of its own `rate_limit`.
        everything: without its filters.
    """
    others = [(name, secret) for name, secret in endpoint.headers if name.lower() != RUN_HEADER]
    target = replace(
        endpoint,
        headers=(*others, (RUN_HEADER, Secret(run))),
        rate_limit=rate or endpoint.rate_limit,
    )
    if url:
        target = replace(target, url=url, safe_url="")
    return unfiltered(target) if everything else target


def unfiltered(endpoint: EndpointSettings) -> EndpointSettings:
    """The endpoint as if it asked for every event."""
    return replace(
        endpoint,
        ignored_media_types=frozenset(),
        ignored_actions=frozenset(),
        ignored_methods=frozenset(),
        registries=frozenset(),
        repositories=(),
        tags=(),
    )
