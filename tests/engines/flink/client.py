"""Runs SQL by Flink's SQL client (`bin/sql-client.sh -f FILE`), and reads the rows that it prints."""

import os
import subprocess
from pathlib import Path
from typing import Final

from broker import Program
from broker.jars import class_path
from broker.java import find_java

JARS: Final = Program("Flink", Path(__file__).with_name("flink.lock.toml"))
_MAIN: Final = "org.apache.flink.table.client.SqlClient"
"""What `sql-client.sh` runs."""
_OPENED: Final = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("lang", "util")]
"""As Flink's own start script has it."""
_JVM: Final = ["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
_SESSION: Final = """\
SET 'execution.runtime-mode' = 'batch';
SET 'table.dml-sync' = 'true';
SET 'sql-client.execution.result-mode' = 'tableau';
SET 'table.display.max-column-width' = '200';
"""
"""Each statement ends before the next one begins, and rows are printed whole."""
_LIMIT_S: Final = 1500.0


def run_sql(script: str, folder: Path) -> str:
    """Runs a script until its end or its first statement that fails; all that the client said."""
    (folder / "config.yaml").write_text("execution.target: local\nrest.bind-address: 127.0.0.1\n")
    (folder / "script.sql").write_text(_SESSION + script)
    java = [find_java(os.environ), *_JVM, *_OPENED, "-cp", class_path(JARS.files())]
    done = subprocess.run(
        [*java, _MAIN, "-f", "script.sql"],
        cwd=folder,
        env={**os.environ, "FLINK_CONF_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_S,
    )
    return done.stdout + done.stderr


def tables(said: str) -> list[list[tuple[str | None, ...]]]:
    """The rows of each table that the client has printed; each has `id` as its first column."""
    found: list[list[tuple[str | None, ...]]] = []
    for line in (line for line in said.splitlines() if line.startswith("| ")):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == "id":
            found.append([])
        else:
            found[-1].append(tuple(None if cell == "<NULL>" else cell for cell in cells))
    return found
