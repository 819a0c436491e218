"""The report's SQL for other engines than DuckDB: the same files, each statement translated by sqlglot and a few rules.

An engine's file has what the translation of its dialect lacks for these statements; no question is written twice. Knows
neither data nor a connection. sqlglot comes with the extra `analytics`: only `names` can be imported without it.
"""
