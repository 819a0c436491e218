"""DuckDB: a view over the Parquet files of an export, which has the columns already. Pure."""

from typing import Final

from producer.views.columns import ONLY_IN_THE_TOPIC, ViewColumn
from producer.views.dialect import text_of, type_text
from producer.views.members import BYTES, INT, LONG, TEXT, TIME, RecordType, ScalarType
from producer.views.place import EventsPlace

_SCALARS: Final = {
    TEXT: "VARCHAR",
    BYTES: "BLOB",
    INT: "INTEGER",
    LONG: "BIGINT",
    TIME: "TIMESTAMPTZ",
    ScalarType("boolean"): "BOOLEAN",
    ScalarType("float"): "FLOAT",
    ScalarType("double"): "DOUBLE",
}
_OF_THE_PATH: Final = {"accepted_date": "DATE"}
"""Of the folder that a file is in: who asks for days reads fewer files."""
_SHAPES: Final = ("{}[]", "MAP(VARCHAR, {})", "STRUCT({})", '"{}" {}')


def duckdb_text(_: RecordType, columns: tuple[ViewColumn, ...], place: EventsPlace) -> str:
    """The statement: a column that no file has, because all are of an earlier release, is null."""
    exported = {column.name: type_text(column.of, _SCALARS, _SHAPES) for column in columns if _is_exported(column)}
    types = exported | _OF_THE_PATH
    typed = ",\n".join(f'        NULL::{of} AS "{name}"' for name, of in types.items())
    names = ",\n".join(f'    "{name}"' for name in types)
    return f"""\
CREATE OR REPLACE VIEW {place.view} AS SELECT
{names}
FROM (
    (SELECT
{typed}
    LIMIT 0)
    UNION ALL BY NAME
    SELECT * FROM read_parquet({text_of(place.files)}, union_by_name = true)
);
"""


def _is_exported(column: ViewColumn) -> bool:
    return column.name not in ONLY_IN_THE_TOPIC
