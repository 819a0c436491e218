"""What property tests draw: the settings of a run of the suite and of a search, and where their numbers come from.

In the suite a property test runs the same examples each time and on each machine, so that a change is judged by the
change alone. New examples are sought by `tests.kit.fuzz`.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

SUITE = "suite"
FUZZ = "fuzz"
OURS = ("schemas", "runtime", "producer", "consumer", "broker", "examples", "benchmarks")

Choice = TypeVar("Choice")


def several(choices: Sequence[Choice], *, min_size: int = 0, max_size: int) -> SearchStrategy[list[Choice]]:
    """Lists of these, drawn as one run of bytes, which costs a tenth of as many draws; the first is the simplest."""
    many = len(choices)
    return st.binary(min_size=min_size, max_size=max_size).map(lambda drawn: [choices[byte % many] for byte in drawn])


def examples(search: int, *, suite: int) -> int:
    """How many examples a test runs that wants many: all in a search, as many as there is time for in the suite."""
    return search if settings.get_current_profile_name() == FUZZ else suite


def load_profiles() -> None:
    """Make both profiles known, and the suite's the one in force.

    Each setting is ours, not that of a machine: on CI hypothesis has other defaults. What is found is kept in no
    database, which only one machine has, but as an explicit example.
    """
    common = settings(
        settings.get_profile("default"),
        database=None,
        deadline=None,  # a busy machine is no failure
        suppress_health_check=[HealthCheck.too_slow],  # likewise
        print_blob=True,
    )
    settings.register_profile(SUITE, common, derandomize=True, max_examples=60)
    settings.register_profile(FUZZ, common, derandomize=False, max_examples=300)
    settings.load_profile(SUITE)


def import_all_of_ours() -> None:
    """Import every module of the project.

    Hypothesis draws numbers and texts also from the code that is imported: what a test draws would depend on the
    tests that ran before it in the same process, and a seed would not repeat what it found.
    """
    for name in OURS:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
