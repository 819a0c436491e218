"""Trino's SQL."""

from typing import Final

from sqlglot import exp

from consumer.analytics.report.engines.engine import SqlNode, rewritten, skipping_nulls

_TABLE: Final = "registry.events"


class TrinoReport:
    """Tables and views in the schema that the client names; Trino reads tables, and no files by their names."""

    dialect: Final = "trino"
    head: Final = """\
-- All questions of `registry-worker report`, to be run by Trino over a table of exported events:
--     trino --server https://trino.example.com --catalog lake --schema registry_report --file report.sql
-- The first view names the table: change it to yours. The catalog must be able to write tables and views.
-- docs/report.md says how it counts.
set time zone 'UTC';
"""

    def exported(self, view: str, directory: str) -> str:  # noqa: ARG002 - the protocol's; Trino reads no directory
        """A table with the columns of an export."""
        return f"create or replace view {view} as\nselect * from {_TABLE};"

    def table(self, name: str, query: str) -> str:
        """A table, made anew."""
        return f"drop table if exists {name};\ncreate table {name} as\n{query};"

    def view(self, name: str, query: str) -> str:
        """A view."""
        return f"create or replace view {name} as\n{query};"

    def query(self, query: SqlNode) -> SqlNode:
        """Microseconds, hashes of bytes, approximate percentiles; lists become rows in `from` alone."""
        told = rewritten(rewritten(query, skipping_nulls), _word)
        for select in told.find_all(exp.Select):
            _unnest_in_from(select)
        return told


def _word(node: SqlNode) -> SqlNode:
    match node:
        case exp.Anonymous(name="hash"):
            return exp.func("xxhash64", exp.func("to_utf8", *node.expressions))
        case exp.PercentileCont():
            return exp.func("approx_percentile", node.this, node.expression)
        case exp.DataType(this=exp.DataType.Type.TIMESTAMPNTZ):
            return exp.DataType.build("timestamp(6)", dialect="trino")
        case _:
            return node


def _unnest_in_from(select: exp.Select) -> None:
    """`select unnest(list) as item` in the words of the standard: a join with `unnest(list) as items (item)`."""
    for alias in [
        one for one in select.expressions if isinstance(one, exp.Alias) and isinstance(one.this, exp.Explode)
    ]:
        items = exp.TableAlias(this=exp.to_identifier("items"), columns=[exp.to_identifier(alias.alias)])
        select.join(exp.Unnest(expressions=[alias.this.this], alias=items), join_type="cross", copy=False)
        alias.replace(exp.column(alias.alias, "items"))
