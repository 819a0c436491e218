"""The program that runs in the engines' environment: statements come in as JSON, Spark's answers to queries go out.

Knows nothing of the project, which is not installed there. Spark computes little here and plans much: what only pays
with many rows is off.
"""

import json
import sys
from typing import Any

from pyspark.sql import SparkSession

SMALL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def main() -> None:
    """Answers what stands on its standard input, in its order."""
    builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", sys.argv[1])
    for key, value in SMALL.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for statement in json.load(sys.stdin):
        answer(session, statement)


def answer(session: Any, statement: str) -> None:
    """A line for a query; other statements are only run."""
    found = session.sql(statement)
    if statement.upper().startswith(("SELECT", "WITH")):
        said = {"columns": found.columns, "rows": [list(row) for row in found.collect()]}
        print(json.dumps(said, default=str), flush=True)  # noqa: T201, the answer


if __name__ == "__main__":
    main()
