"""Pure modules, the list of which stands in pyproject.toml: importing them brings neither Kafka's client nor threads.

Whoever imports a decision to test it, or to use it elsewhere, gets a decision. That no pure module names them is held
by the import contracts; what comes along by a package's `__init__`, or by another library, only an interpreter knows.
"""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT

PACKAGES = ("schemas", "runtime", "producer", "consumer")
FORBIDDEN = ("confluent_kafka", "threading")
SETTINGS = [
    "runtime.config",
    "runtime.config.addresses",
    "runtime.config.differences",
    "runtime.config.endpoint_settings",
    "runtime.config.secrets",
    "runtime.config.settings",
    "runtime.config.source_settings",
    "runtime.config.start",
    "runtime.counts",
    "runtime.errors",
    "runtime.units",
]
"""What pure code imports of the configuration, and beside it."""
SAYS_PURE = re.compile(r"(?:^|[.;:]\s)[Pp]ure(?: and \w+)?[.;:]")
LOADING = """
import importlib, sys
forbidden = set(sys.argv[1].split(","))
for name in forbidden:
    sys.modules.pop(name, None)  # what an interpreter starts with is its own affair
for name in sys.stdin.read().split():
    importlib.import_module(name)
    for loaded in sorted(forbidden & set(sys.modules)):
        print(f"{name} loads {loaded}")
        forbidden.remove(loaded)
"""
"""Imports modules one after the other; says which of them was the first to load what is forbidden."""


@cache
def contracts() -> dict[str, dict[str, Any]]:
    """The import contracts, by name."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return {contract["name"]: contract for contract in found}


def listed() -> list[str]:
    """The modules and folders that the contract of pure modules names."""
    (names,) = (one["source_modules"] for name, one in contracts().items() if name.startswith("Pure modules import"))
    return list(names)


@cache
def modules() -> dict[str, Path]:
    """All modules, by name."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def pure_modules() -> list[str]:
    """The listed modules, and those of the listed folders."""
    names = listed()
    return [module for module in modules() if any(module == name or module.startswith(f"{name}.") for name in names)]


def loaded(names: list[str], *forbidden: str) -> str:
    """Which of these modules, imported in a fresh interpreter one after the other, loads what is forbidden."""
    loading = subprocess.run(
        [sys.executable, "-c", LOADING, ",".join(forbidden)],
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=LIMIT_S,
    )
    return loading.stdout


def test_importing_them_loads_neither_the_kafka_client_nor_threading() -> None:
    """Whatever the modules import that they import."""
    assert loaded(pure_modules(), *FORBIDDEN) == ""


def test_the_types_of_settings_load_no_yaml_either() -> None:
    """So pure code may name them; what reads a file is seen to load it."""
    assert loaded(SETTINGS, *FORBIDDEN, "yaml") == ""
    assert loaded(["runtime.config.load"], "yaml") == "runtime.config.load loads yaml\n"


def test_whatever_calls_itself_pure_is_listed() -> None:
    """By its docstring."""
    docstrings = {name: ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "" for name, file in modules().items()}
    pure = {name for name, docstring in docstrings.items() if SAYS_PURE.search(docstring)}
    assert len(pure) > 50
    assert set() == pure - set(pure_modules())


def test_the_contracts_of_pure_modules_name_the_same() -> None:
    """One forbids what they must not name themselves, the other what they must not reach by others."""
    (reach,) = (one for name, one in contracts().items() if name.startswith("Pure modules do not reach"))
    assert listed() == reach["source_modules"]
    assert set(FORBIDDEN) == set(reach["forbidden_modules"])


def test_they_are_there() -> None:
    """Each name on the list is a module, on it once."""
    names = listed()
    assert set() == set(names) - set(modules())
    inside = [name for name in names for other in names if name.startswith(f"{other}.")]
    assert ([], len(names)) == (inside, len(set(names)))
