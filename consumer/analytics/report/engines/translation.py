"""A script of DuckDB's translated statement by statement; comments before a statement stay as they are."""

from collections.abc import Iterator, Mapping
from typing import Final

import sqlglot
from sqlglot import exp

from consumer.analytics.report.engines.clickhouse import ClickHouseReport
from consumer.analytics.report.engines.engine import Engine, SqlNode, common, rewritten, variable
from consumer.analytics.report.engines.names import CLICKHOUSE, SPARK, TRINO
from consumer.analytics.report.engines.spark import SparkReport
from consumer.analytics.report.engines.trino import TrinoReport

_READ: Final = "duckdb"
_ENGINES: Final[Mapping[str, Engine]] = {SPARK: SparkReport(), CLICKHOUSE: ClickHouseReport(), TRINO: TrinoReport()}


def translated(script: str, engine: str) -> str:
    """The whole script for the engine of this name; it begins with the engine's own settings."""
    chosen = _ENGINES[engine]
    translation = _Translation(chosen)
    parts = (f"{comment}{translation.of(statement)}".rstrip() for comment, statement in _statements(script))
    return "\n\n".join([chosen.head.rstrip(), *filter(None, parts)]) + "\n"


def _statements(script: str) -> Iterator[tuple[str, SqlNode]]:
    """Each statement, with the comment before it."""
    begin = 0
    for token in sqlglot.tokenize(script, read=_READ):
        if token.token_type.name == "SEMICOLON":
            text = script[begin : token.end]
            begin = token.end + 1
            yield _comment(text), sqlglot.parse_one(text, read=_READ)


def _comment(text: str) -> str:
    lines = text.lstrip().splitlines(keepends=True)
    count = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return "".join(lines[:count])


class _Translation:
    """Statements in an engine's words."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, statement: SqlNode) -> str:
        """The statement for the engine; empty if the engine needs none for it."""
        match statement:
            case exp.Create():
                return self._created(statement)
            case exp.Set():
                return self._set(statement.expressions[0])
            case exp.Query():
                return f"{self._query(statement)};"
            case _:
                return ""

    def _created(self, statement: exp.Create) -> str:
        name = _table(statement).name
        read = statement.find(exp.ReadParquet)
        if read:
            return self._engine.exported(name, read.expressions[0].name.removesuffix("/**/*.parquet"))
        if statement.expression is None:
            return self._engine.view(name, self._query(_no_rows(statement.this)))
        made = self._engine.view if statement.kind == "VIEW" else self._engine.table
        return made(name, self._query(statement.expression))

    def _set(self, item: exp.SetItem) -> str:
        """A variable as a view; other settings are in the engine's head."""
        if item.args.get("kind") != "VARIABLE":
            return ""
        value = item.this.expression
        if isinstance(value, exp.Null):
            value = exp.cast(value, "varchar")
        made = self._engine.table if isinstance(value, exp.Subquery) else self._engine.view
        return made(variable(item.this.this.name), self._query(exp.select(exp.alias_(value, "value"))))

    def _query(self, query: SqlNode) -> str:
        told = self._engine.query(rewritten(query, common))
        return told.sql(self._engine.dialect, pretty=True, comments=False, normalize_functions=False)


def _no_rows(schema: exp.Schema) -> exp.Select:
    """A table with these columns and nothing in it."""
    columns = [exp.alias_(exp.cast(exp.null(), column.kind), column.name) for column in schema.expressions]
    return exp.select(*columns).where(exp.false())


def _table(statement: exp.Create) -> SqlNode:
    """The table or view that is made; one that is made by its columns stands within them."""
    made: SqlNode = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    return made
