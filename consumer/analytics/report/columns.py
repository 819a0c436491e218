"""The columns that exports have and the SQL needs, with DuckDB's names of their types. Pure."""

from collections.abc import Mapping
from typing import Final

COLUMNS: Final[Mapping[str, str]] = {
    "kafka_topic": "VARCHAR",
    "kafka_partition": "INTEGER",
    "kafka_offset": "BIGINT",
    "accepted_at": "TIMESTAMP WITH TIME ZONE",
    "registry": "VARCHAR",
    "event_id": "VARCHAR",
    "event_time": "TIMESTAMP WITH TIME ZONE",
    "action": "VARCHAR",
    "kind": "VARCHAR",
    "repository": "VARCHAR",
    "tag": "VARCHAR",
    "digest": "VARCHAR",
    "media_type": "VARCHAR",
    "size_bytes": "BIGINT",
    "from_repository": "VARCHAR",
    "url": "VARCHAR",
    "reference_count": "INTEGER",
    "refs": (
        "STRUCT(media_type VARCHAR, digest VARCHAR, size_bytes BIGINT, artifact_type VARCHAR, os VARCHAR, "
        "architecture VARCHAR, variant VARCHAR)[]"
    ),
    "actor": "VARCHAR",
    "client_addr": "VARCHAR",
    "client_ip": "VARCHAR",
    "user_agent": "VARCHAR",
    "request_id": "VARCHAR",
    "request_method": "VARCHAR",
    "request_host": "VARCHAR",
    "source_addr": "VARCHAR",
    "source_instance": "VARCHAR",
    "content_type": "VARCHAR",
    "schema_id": "INTEGER",
    "original": "VARCHAR",
    "source_format": "VARCHAR",
    "source_body": "VARCHAR",
    "raw": "BLOB",
}
ATTEMPT_COLUMNS: Final[Mapping[str, str]] = {
    "kafka_topic": "VARCHAR",
    "kafka_partition": "INTEGER",
    "kafka_offset": "BIGINT",
    "written_at": "TIMESTAMP WITH TIME ZONE",
    "endpoint": "VARCHAR",
    "began_at": "TIMESTAMP WITH TIME ZONE",
    "event_id": "VARCHAR",
    "event_topic": "VARCHAR",
    "event_partition": "INTEGER",
    "event_offset": "BIGINT",
    "repository": "VARCHAR",
    "action": "VARCHAR",
    "try": "INTEGER",
    "outcome": "VARCHAR",
    "status": "INTEGER",
    "error": "VARCHAR",
    "seconds": "DOUBLE",
    "next_try_seconds": "DOUBLE",
    "answer": "VARCHAR",
    "raw": "BLOB",
}
"""Of an export of attempts."""
