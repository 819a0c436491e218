"""The packages that only analytics needs."""

from collections.abc import Sequence
from typing import Final

from runtime import extras

ANALYTICS: Final = ("pyarrow>=20", "duckdb>=1.4", "obstore>=0.9", "sqlglot>=28")
"""The extra `analytics`."""
ICEBERG: Final = ("pyiceberg[sql-sqlite]>=0.12",)
"""The packages that the extra `iceberg` adds to it."""
FAST: Final = ("pyruhvro>=0.4",)
"""The package that the extra `analytics-fast` adds to it."""


def how_to_install(packages: Sequence[str]) -> str:
    """The command that installs them here; where nothing can be installed, what to do instead."""
    return extras.how_to_install("analytics", packages)


def how_to_install_iceberg() -> str:
    """The same for the extra `iceberg`."""
    return extras.how_to_install("iceberg", (*ANALYTICS, *ICEBERG))
