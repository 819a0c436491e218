"""Flink's SQL client with a cluster in its own process; its jars come from their lock."""

from tests.engines.flink.client import JARS, run_sql, tables

__all__ = ["JARS", "run_sql", "tables"]
