"""ClickHouse's engine in a process of its own (`chdb`), with its Kafka table engine; told SQL, it answers rows."""

from tests.engines.clickhouse.engine import ClickHouse, ClickHouseError

__all__ = ["ClickHouse", "ClickHouseError"]
