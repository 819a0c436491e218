"""The names that programs with sinks import from `consumer`, each loaded when it is first asked for."""

import ast
from importlib import import_module

import pytest

import consumer
from tests.kit.paths import ROOT


def typed_names() -> list[tuple[str, str]]:
    """Module and name of each import that type checkers see."""
    tree = ast.parse((ROOT / "consumer" / "__init__.py").read_text("utf-8"))
    [seen] = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in seen.body if isinstance(node, ast.ImportFrom)]
    return [(node.module or "", alias.name) for node in imports for alias in node.names]


def test_type_checkers_see_the_public_names() -> None:
    """All of them, and no other."""
    assert sorted(name for _, name in typed_names()) == consumer.__all__
    assert set(consumer.__all__) <= set(dir(consumer))


@pytest.mark.parametrize(("module", "name"), typed_names())
def test_a_name_is_what_type_checkers_take_it_for(module: str, name: str) -> None:
    """It comes from the module that it is declared to come from."""
    assert getattr(consumer, name) is getattr(import_module(module), name)


def test_another_name_is_an_attribute_error() -> None:
    """As of any module, so that `hasattr` and `from producer import ...` work."""
    with pytest.raises(AttributeError, match="module 'consumer' has no attribute 'workers'"):
        getattr(consumer, "workers")  # noqa: B009 - mypy knows that it is not there
