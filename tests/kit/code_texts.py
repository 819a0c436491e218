"""The texts in our code: what a page may quote."""

import re
from functools import cache

from tests.kit.paths import ROOT
from tests.kit.sources import PACKAGES, paths

_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_HOLE = re.compile(r"\{[^{}]*\}")


@cache
def literals() -> frozenset[str]:
    """Each text in the code; of one that is filled in, the pieces between. To parse the code would take seconds."""
    texts = (text for path in paths(*PACKAGES) for text in _LITERAL.findall((ROOT / path).read_text("utf-8")))
    return frozenset(piece for text in texts for piece in _HOLE.split(text))
