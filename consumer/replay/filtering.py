"""Which events of its range a replay delivers: those selected, and of these those that the endpoint asked for. Pure."""

from typing import Final

from consumer.filters.endpoint_filter import Filter
from consumer.filters.selection import NOT_SELECTED, Selection
from runtime.config import EndpointSettings
from schemas.event import Event


class ReplayFilter(Filter):
    """The endpoint's rules behind the selection of the run."""

    def __init__(self, endpoint: EndpointSettings, selection: Selection) -> None:
        super().__init__(endpoint)
        self._selection: Final = selection

    def rule_against(self, event: Event) -> str | None:
        """As for live delivery; `selection` for what the run does not mean."""
        return super().rule_against(event) if self._selection.matches(event) else NOT_SELECTED
