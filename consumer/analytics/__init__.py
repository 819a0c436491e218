"""The log as files and tables: exports to Parquet, Avro and NDJSON, and the report that DuckDB makes of them.

Batches of records come in; whole files and answers go out. It knows nothing of delivery, groups or commits.
"""
