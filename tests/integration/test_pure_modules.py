"""Importing a pure module loads neither Kafka's client nor threads, whatever the modules import that it imports.

The layers see imports in the code; a package's `__init__`, a library or the standard library can load them as well.
Each fresh interpreter imports one entry of the list of pure modules in pyproject.toml, with all that is below it.
"""

import subprocess
import sys
import tomllib
from typing import Final

import pytest

from tests.kit.paths import ROOT

HEAVY: Final = ("confluent_kafka", "threading")
LIGHT: Final = (
    "runtime.config",
    "runtime.config.addresses",
    "runtime.config.differences",
    "runtime.config.endpoint_settings",
    "runtime.config.secrets",
    "runtime.config.settings",
    "runtime.config.start",
    "runtime.counts",
    "runtime.errors",
    "runtime.units",
)
"""What pure modules import from `runtime`: types, units and texts."""
IMPORT_ALL: Final = """
import sys
from importlib import import_module
from pkgutil import walk_packages
start, below, *heavy = sys.argv[1:]
names = [start]
if below == "below":
    names += [found.name for found in walk_packages(getattr(import_module(start), "__path__", []), start + ".")]
for name in names:
    import_module(name)
    loaded = [module for module in heavy if module in sys.modules]
    if loaded:
        sys.exit(f"importing {name} loads {', '.join(loaded)}")
"""


def pure_modules() -> list[str]:
    """The entries of the contract in pyproject.toml."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    [pure] = [contract for contract in contracts if contract["name"].startswith("Pure modules")]
    rooms = ("schemas", "runtime", "producer")  # the consumer joins them when its rooms load neither
    return [module for module in pure["source_modules"] if module.split(".")[0] in rooms]


def complaint(start: str, below: str, *heavy: str) -> str:
    """What a fresh interpreter says that imports `start`; empty: it loaded nothing of `heavy`."""
    command = [sys.executable, "-c", IMPORT_ALL, start, below, *heavy]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stderr), done
    return done.stderr.strip()


@pytest.mark.parametrize("module", pure_modules())
def test_a_pure_module_loads_neither_the_kafka_client_nor_threads(module: str) -> None:
    """Neither the room nor anything below it."""
    assert complaint(module, "below", *HEAVY) == ""


@pytest.mark.parametrize("module", LIGHT)
def test_the_settings_types_load_no_yaml_either(module: str) -> None:
    """So pure code may name them."""
    assert complaint(module, "alone", *HEAVY, "yaml") == ""


def test_what_reads_a_file_is_seen_to_load_them() -> None:
    """The check can fail."""
    assert complaint("runtime.config.load", "alone", *HEAVY) == (
        "importing runtime.config.load loads confluent_kafka, threading"
    )
