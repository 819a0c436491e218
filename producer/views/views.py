"""The text for one engine. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from producer.views.clickhouse import clickhouse_text
from producer.views.columns import ViewColumn, columns_of
from producer.views.duckdb import duckdb_text
from producer.views.flink import flink_text
from producer.views.members import RecordType, record_of
from producer.views.place import EventsPlace
from producer.views.spark import spark_text
from producer.views.trino import trino_text

_TEXTS: Final[Mapping[str, Callable[[RecordType, tuple[ViewColumn, ...], EventsPlace], str]]] = {
    "clickhouse": clickhouse_text,
    "duckdb": duckdb_text,
    "flink": flink_text,
    "spark": spark_text,
    "trino": trino_text,
}
ENGINES: Final = tuple(_TEXTS)


def views_for(engine: str, place: EventsPlace) -> str:
    """Statements that make the tables and views of the latest release."""
    event = record_of(json.loads(place.releases[-1].text))
    return _TEXTS[engine](event, columns_of(event), place)
