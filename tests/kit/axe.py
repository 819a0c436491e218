"""What axe-core finds on a page: the accessibility engine of Deque, run in the browser itself.

The Python package that brings it is for another driver, so only its file is read, and nothing of it is imported.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.kit.browser import Browser


def violations(page: Browser) -> list[str]:
    """Each rule that is broken, of WCAG 2.2 A and AA and of good practice, with the elements that break it."""
    found: list[dict[str, Any]] = page.run_async(f"{_engine()}\n{_RUN}")
    return [f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']][:5]}" for one in found]


_RUN = "axe.run(document).then(({violations}) => arguments[arguments.length - 1](violations))"


@cache
def _engine() -> str:
    found = find_spec("axe_playwright_python")
    assert found is not None, "axe_playwright_python is not installed: see tests/requirements-axe.txt"
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")
