"""A report's script for an engine by its name. Imports sqlglot only when it is asked for another engine than DuckDB."""

import importlib

from consumer.analytics.extra import ANALYTICS, how_to_install
from consumer.analytics.report.script import ScriptScope, steps_of
from runtime.extras import ExtraMissingError


def engine_script(engine: str, scope: ScriptScope) -> str:
    """The script of a report, as `script_of` writes it for DuckDB, in the words of another engine.

    Raises:
        ExtraMissingError: sqlglot is not installed.
    """
    try:
        importlib.import_module("sqlglot")
    except ImportError:
        needs = f"report --sql --engine {engine} needs sqlglot, which is not installed"
        raise ExtraMissingError(f"{needs}: {how_to_install(ANALYTICS)}") from None
    from consumer.analytics.report.engines.translation import translated  # noqa: PLC0415 - needs the extra asked for above

    return translated(steps_of(scope), engine)
