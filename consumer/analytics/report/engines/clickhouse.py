"""ClickHouse's SQL, 25.3 or newer."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from consumer.analytics.report.engines.engine import SqlNode, quoted, rewritten


class ClickHouseReport:
    """Tables in a database of their own."""

    dialect: Final = "clickhouse"
    head: Final = """\
-- All questions of `registry-worker report`, to be run by ClickHouse over an export in Parquet:
--     clickhouse local --queries-file report.sql
-- A server reads files below its `user_files_path`. For object storage write s3('https://...').
-- The tables are in a database of their own, so that they can be dropped together. docs/report.md says how it counts.
create database if not exists registry_report;
use registry_report;
set session_timezone = 'UTC';
set prefer_column_name_to_alias = 1;
set join_use_nulls = 1;
set aggregate_functions_null_for_empty = 1;
"""

    def exported(self, view: str, directory: str) -> str:
        """The files, with the columns that they have: the folders make none."""
        return f"create or replace view {view} as\nselect * from file({quoted(f'{directory}/**/*.parquet')}, Parquet);"

    def table(self, name: str, query: str) -> str:
        """A table on the disk, so that it may be larger than the memory."""
        return f"create or replace table {name}\nengine = MergeTree order by tuple() as\n{query};"

    def view(self, name: str, query: str) -> str:
        """A view."""
        return f"create or replace view {name} as\n{query};"

    def query(self, query: SqlNode) -> SqlNode:
        """Orders by the columns of the answer: where an alias has a column's name, ClickHouse takes the column."""
        told = rewritten(query, _word)
        order = told.args.get("order")
        if order is None or not isinstance(told, exp.Select):
            return told
        told.set("order", None)
        told.select(*(_named(one) for one in told.expressions), append=False, copy=False)
        ordered = exp.select("*").from_(told.subquery("answered"))
        ordered.set("order", order)
        return ordered


def _named(column: SqlNode) -> SqlNode:
    """A column by its own name: ClickHouse keeps the table's before it where two tables have it."""
    return exp.alias_(column, column.name) if isinstance(column, exp.Column) and column.table else column


def _word(node: SqlNode) -> SqlNode:
    rule = _WORDS.get(type(node))
    return rule(node) if rule else node


def _hash(node: SqlNode) -> SqlNode:
    return exp.func("cityHash64", *node.expressions) if node.name == "hash" else node


def _percentile(node: SqlNode) -> SqlNode:
    exact = "quantileExactInclusive"
    return exp.ParameterizedAgg(this=exact, expressions=[node.args["expression"]], params=[node.this])


def _round(node: SqlNode) -> SqlNode:
    """Half a unit is rounded up; ClickHouse's `round` takes the even neighbour."""
    scale = 10 ** int(node.args["decimals"].name)
    told: SqlNode = exp.func("floor", node.this * scale + exp.Literal.number("0.5")) / scale
    return told


def _joined_texts(node: SqlNode) -> SqlNode:
    texts = exp.func("arraySort", exp.func("groupArray", node.this.this))
    return exp.func("arrayStringConcat", texts, node.args["separator"])


def _mapped(node: SqlNode) -> SqlNode:
    return exp.Anonymous(this="arrayMap", expressions=[node.args["expression"], node.this])


def _type(node: SqlNode) -> SqlNode:
    moment = node.this == exp.DataType.Type.TIMESTAMPNTZ
    return exp.DataType.build("Nullable(DateTime64(6))", dialect="clickhouse") if moment else node


_WORDS: Final[Mapping[type, Callable[[SqlNode], SqlNode]]] = {
    exp.Anonymous: _hash,
    exp.PercentileCont: _percentile,
    exp.Round: _round,
    exp.GroupConcat: _joined_texts,
    exp.Transform: _mapped,
    exp.DataType: _type,
    exp.DayOfWeekIso: lambda node: exp.Anonymous(this="toDayOfWeek", expressions=[node.this]),
    exp.LogicalOr: lambda node: exp.Max(this=node.this),
    exp.LogicalAnd: lambda node: exp.Min(this=node.this),
}
