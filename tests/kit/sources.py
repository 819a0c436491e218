"""The project's Python files, parsed once: what tests of the house read in place of importing anything."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.kit.paths import ROOT

PACKAGES = ("schemas", "runtime", "producer", "consumer")
OTHERS = ("broker", "examples", "benchmarks")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One file."""

    path: Path
    """From the project's root."""
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Its dotted name."""
        return module_of(self.path)

    @property
    def lines(self) -> int:
        """How many it has."""
        return len(self.text.splitlines())

    def classes(self) -> Iterator[ast.ClassDef]:
        """All, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def functions(self) -> Iterator[Function]:
        """All, methods and nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def sources(*folders: str) -> tuple[Source, ...]:
    """The files of these folders, in order."""
    return tuple(sorted((one for folder in folders for one in _parsed(folder)), key=lambda one: one.path))


@cache
def _parsed(folder: str) -> tuple[Source, ...]:
    texts = [(path, (ROOT / path).read_text("utf-8")) for path in paths(folder)]
    return tuple(Source(path, text, ast.parse(text)) for path, text in texts)


def paths(*folders: str) -> list[Path]:
    """Where the files of these folders are, from the project's root, in order."""
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    """The dotted name of the module in a file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def methods(owner: ast.ClassDef) -> dict[str, Function]:
    """A class's own."""
    return {node.name: node for node in owner.body if isinstance(node, Function)}


def parameters(function: Function) -> list[ast.arg]:
    """All but self and cls."""
    arguments = function.args
    found = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    return [one for one in found if one is not None and one.arg not in {"self", "cls"}]
