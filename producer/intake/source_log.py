"""What the log says of sources, once: what is removed by default, and what comes from them and is not kept."""

from collections.abc import Iterable, Mapping
from typing import Final

import structlog

from producer.intake.metrics import BridgeMetrics
from producer.sources.contents import IMAGE
from producer.sources.formats import FORMATS
from runtime.config.source_settings import DEFAULT_DROPS, ENVELOPE_FORMATS, SourceSettings

_log: Final = structlog.get_logger(__name__)


class SourceLog:
    """Counts what comes from the sources of one intake, and logs what happens for the first time."""

    def __init__(self, metrics: BridgeMetrics) -> None:
        """Nothing has come yet."""
        self._metrics: Final = metrics
        self._told: Final[set[tuple[str, str]]] = set()

    def known(self, sources: Iterable[SourceSettings]) -> None:
        """These are configured from now on."""
        for source in sources:
            for kind in kinds_of(source):
                self._metrics.of_source(source.name, kind, 0)
            if source.drop and source.drop == DEFAULT_DROPS.get(source.format):
                self._tell_of_drops(source)

    def came(self, source: SourceSettings, kinds: Mapping[str, int]) -> None:
        """So much of each kind was in a POST that is answered 200."""
        for kind, count in kinds.items():
            self._metrics.of_source(source.name, kind, count)
            if kind != IMAGE and source.keep == "images" and self._is_first(source, kind):
                _log.info("source.not_kept", source=source.name, kind=kind, meanwhile="counted; keep: all makes events")

    def _tell_of_drops(self, source: SourceSettings) -> None:
        if self._is_first(source, "drop"):
            _log.info(
                "source.drops",
                source=source.name,
                members=list(source.drop),
                reason="it can be a token, which would be stored and delivered; drop: [] keeps it",
            )

    def _is_first(self, source: SourceSettings, what: str) -> bool:
        fact = (f"{source.name}\0{source.format}", what)
        is_first = fact not in self._told
        self._told.add(fact)
        return is_first


def kinds_of(source: SourceSettings) -> tuple[str, ...]:
    """All kinds that a source can send."""
    return (IMAGE,) if source.format in ENVELOPE_FORMATS else (IMAGE, *FORMATS[source.format].kinds)
