"""The engines that a report's SQL can be printed for; needs no sqlglot."""

from typing import Final

DUCKDB: Final = "duckdb"
SPARK: Final = "spark"
CLICKHOUSE: Final = "clickhouse"
TRINO: Final = "trino"
ENGINES: Final = (DUCKDB, SPARK, CLICKHOUSE, TRINO)
"""DuckDB is the one that a report itself is made with."""
