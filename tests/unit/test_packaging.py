"""The locked lists, held against pyproject.toml and each other."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from consumer.analytics.extra import FAST
from tests.kit.paths import ROOT

LISTS = (
    "requirements.txt",
    "requirements-analytics.txt",
    "requirements-iceberg.txt",
    "requirements-otel.txt",
    "requirements-build.txt",
    "requirements-dev.txt",
    "broker/requirements.txt",
    "broker/requirements-java.txt",
    "tests/requirements.txt",
)
LOWEST = "tests/requirements-lowest.txt"
"""Of other versions than all the others, on purpose."""
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?P<rest>(?:[^\n]*\\\n)+[^\n]*)", re.MULTILINE)


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def text_of(name: str) -> str:
    """A list's text."""
    return (ROOT / name).read_text("utf-8")


def pinned(name: str) -> dict[str, str]:
    """What a list pins: names to versions."""
    return {canonicalize_name(found["name"]): found["version"] for found in PINNED.finditer(text_of(name))}


def in_group(name: str) -> Iterator[str]:
    """What a dependency group wants, with the groups that it includes."""
    for one in project()["dependency-groups"][name]:
        if isinstance(one, str):
            yield one
        else:
            yield from in_group(one["include-group"])


def wanted(name: str) -> Iterator[Requirement]:
    """What pyproject.toml wants of a list."""
    groups, extras = project()["dependency-groups"], project()["project"]["optional-dependencies"]
    of = {
        "requirements.txt": project()["project"]["dependencies"],
        "requirements-analytics.txt": [*project()["project"]["dependencies"], *extras["analytics"], *FAST],
        "requirements-iceberg.txt": [
            *project()["project"]["dependencies"],
            *extras["analytics"],
            *FAST,
            *(one for one in extras["iceberg"] if not one.startswith("registry-event-bridge")),
        ],
        "requirements-otel.txt": [*project()["project"]["dependencies"], *extras["otel"]],
        "requirements-build.txt": [*groups["build"], *project()["build-system"]["requires"]],
        "requirements-dev.txt": in_group("dev"),
        "broker/requirements.txt": groups["broker"],
        "broker/requirements-java.txt": groups["java"],
        "tests/requirements.txt": in_group("unit"),
        LOWEST: [*project()["project"]["dependencies"], *extras["analytics"], *FAST, *in_group("unit")],
    }
    return map(Requirement, of[name])


@pytest.mark.parametrize("name", [*LISTS, LOWEST])
def test_list_satisfies_the_project(name: str) -> None:
    """Every dependency of pyproject.toml is pinned in its list, to a version that it allows."""
    pins = pinned(name)
    missing = [str(want) for want in wanted(name) if pins.get(canonicalize_name(want.name), "-") not in want.specifier]
    assert missing == []


@pytest.mark.parametrize("name", [*LISTS, LOWEST])
def test_everything_pinned_has_hashes(name: str) -> None:
    """A list holds nothing but pins with SHA-256 hashes and comments: no address, no option, no bare requirement."""
    assert all("--hash=sha256:" in found["rest"] for found in PINNED.finditer(text_of(name)))
    left = PINNED.sub("", text_of(name))
    assert [line for line in left.splitlines() if line.strip() and not line.lstrip().startswith("#")] == []
    assert "://" not in text_of(name)


def test_the_lowest_versions_are_the_floors() -> None:
    """What the unit tests run on besides is each dependency at the lowest version that pyproject.toml allows."""
    pins = pinned(LOWEST)
    floors = {
        canonicalize_name(want.name): next(one.version for one in want.specifier if one.operator == ">=")
        for want in wanted(LOWEST)
    }
    assert {name: Version(pins[name]) for name in floors} == {name: Version(floor) for name, floor in floors.items()}


def test_lists_agree() -> None:
    """A package that is in two lists has one version."""
    versions: dict[str, set[str]] = {}
    for name in LISTS:
        for package, version in pinned(name).items():
            versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}
