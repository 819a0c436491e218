"""The program that runs in the engines' environment: a line of JSON with SQL comes in, a line with rows goes out.

Knows nothing of the project, which is not installed there.
"""

import json
import sys
from typing import Any

import chdb

KAFKA_TABLE_IS_MADE = "Shutdown was called"
"""What chdb answers after it has made a table of the engine Kafka: no server's threads are there to keep it company."""


def main() -> None:
    """Answers until its standard input ends."""
    connection = chdb.connect(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(answer(connection, json.loads(line))), flush=True)  # noqa: T201, the answer


def answer(connection: Any, sql: str) -> dict[str, Any]:
    """The rows of a statement, or why there are none."""
    try:
        text = str(connection.query(sql, "JSONCompact"))
    except Exception as error:  # noqa: BLE001, chdb raises RuntimeError and its own
        is_made = "ENGINE = Kafka" in sql and KAFKA_TABLE_IS_MADE in str(error)
        return {"rows": []} if is_made else {"error": str(error)}
    return {"rows": json.loads(text)["data"] if text.strip() else []}


if __name__ == "__main__":
    main()
