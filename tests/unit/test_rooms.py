"""The maps of rooms: what the docstring of a half lists is what is in its folder."""

import ast
import re

import pytest

from tests.kit.paths import ROOT

ROOM = re.compile(r"^    (\w+)/ ", re.MULTILINE)


@pytest.mark.parametrize("half", ["consumer", "producer", "runtime"])
def test_a_map_names_each_room_once(half: str) -> None:
    """Who reads the map knows what is there."""
    folder = ROOT / half
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")), clean=False) or ""
    assert sorted(ROOM.findall(text)) == sorted(file.parent.name for file in folder.glob("*/__init__.py"))
