"""Refuses to begin where a file or folder of a user's hides one of our other packages, and names it.

Our packages have ordinary names. A `schemas.py` beside the program that imports us comes before ours in Python's
search, and the error would otherwise be about a name that is not in it. Imported before all others of this package.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

_NEEDED: Final = ("schemas", "runtime")


def check(home: Path) -> None:
    """See that the packages of this half come from the folder that this one was installed to.

    Raises:
        ImportError: one comes from elsewhere, or is missing.
    """
    for name in _NEEDED:
        spec = find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found != home.resolve() / name / "__init__.py":
            raise ImportError(
                f"{name!r} is {found or 'missing'}, and not the package of registry-event-bridge: a file or folder "
                f"named {name} comes before it on Python's path; rename it (docs/python-registries.md, Names)",
                name=name,
            )


check(Path(__file__).parents[1])
