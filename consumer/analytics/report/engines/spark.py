"""Spark SQL, 4.0 or newer."""

from typing import Final

from sqlglot import exp

from consumer.analytics.report.engines.engine import SqlNode, quoted, rewritten, skipping_nulls


class SparkReport:
    """Tables in a database of their own, and temporary views.

    Cached views would not do: Spark plans what is in them again with each query, which takes longer and longer.
    """

    dialect: Final = "spark"
    head: Final = """\
-- All questions of `registry-worker report`, to be run by Spark 4 over an export in Parquet:
--     spark-sql -f report.sql
-- The tables are in a database of their own, so that they can be dropped together. docs/report.md says how it counts.
create database if not exists registry_report;
use registry_report;
set time zone 'UTC';
"""

    def exported(self, view: str, directory: str) -> str:
        """The files, with the columns that they have: the folders make none."""
        path = f"path {quoted(directory)}, recursiveFileLookup 'true'"
        return f"create or replace temporary view {view}\nusing parquet\noptions ({path});"

    def table(self, name: str, query: str) -> str:
        """A table, made anew."""
        return f"drop table if exists {name};\ncreate table {name} using parquet as\n{query};"

    def view(self, name: str, query: str) -> str:
        """A view of the session."""
        return f"create or replace temporary view {name} as\n{query};"

    def query(self, query: SqlNode) -> SqlNode:
        """Hashes of 64 bits, exact percentiles, days of the week from Monday."""
        return rewritten(rewritten(query, skipping_nulls), _word)


def _word(node: SqlNode) -> SqlNode:
    match node:
        case exp.Anonymous(name="hash"):
            return exp.func("xxhash64", *node.expressions)
        case exp.PercentileCont():
            return exp.Anonymous(this="percentile", expressions=[node.this, node.expression])
        case exp.DayOfWeekIso():
            return exp.Anonymous(this="weekday", expressions=[node.this]) + 1
        case _:
            return node
