"""The target of a replay: the endpoint as it is configured but for what the run changes, and its filter. Pure."""

from dataclasses import replace
from typing import Final

from consumer.filters.endpoint_filter import Filter
from consumer.filters.selection import NOT_SELECTED, Selection
from runtime.config import EndpointSettings, Secret
from schemas.event import Event

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
        dedupe_s=0.0,  # the run is to repeat
    )
    if url:
        target = replace(target, url=url, safe_url="", sink=None, options=None)
    return unfiltered(target) if everything else target


def unfiltered(endpoint: EndpointSettings) -> EndpointSettings:
    """The endpoint without its filters."""
    return replace(
        endpoint,
        ignored_media_types=frozenset(),
        ignored_actions=frozenset(),
        ignored_methods=frozenset(),
        registries=frozenset(),
        repositories=(),
        tags=(),
        actors=(),
        useragents=(),
    )


class ReplayFilter:
    """The endpoint's rules behind the selection of the run."""

    tells_by_outline: Final = False
    """A selection may ask for an id, which is no part of it."""

    def __init__(self, endpoint: EndpointSettings, selection: Selection) -> None:
        self._rules: Final = Filter(endpoint)
        self._selection: Final = selection

    def rule_against(self, event: Event) -> str | None:
        """As for live delivery; `selection` for an event that the run does not mean."""
        return self._rules.rule_against(event) if self._selection.matches(event) else NOT_SELECTED
