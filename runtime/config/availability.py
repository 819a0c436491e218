"""Keys that are designed but not built: a file that has one is refused, as nothing in it may silently have no effect.

A row goes when its feature comes; the key is already read and validated behind it.
"""

from collections.abc import Mapping
from typing import Final

NOT_AVAILABLE: Final[Mapping[str, frozenset[str]]] = {
    "schema_registry": frozenset(),
}
"""Path of a key, list positions left out, to the values that are allowed all the same: they ask for what is built."""
