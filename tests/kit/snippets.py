"""The examples that the documents show, so that a test runs what a reader would copy."""

import re

from tests.kit.paths import DOCS

TOKEN = re.compile(
    r"^```(?P<language>\w*)\n(?P<code>.*?)^```$|^#+ (?P<heading>[^\n]+)$",
    re.MULTILINE | re.DOTALL,
)


def snippets(page: str, heading: str, language: str) -> list[str]:
    """The blocks of code in `language` between a heading of docs/`page` and the next heading, in order.

    Raises:
        AssertionError: there are none.
    """
    found, current = [], ""
    for token in TOKEN.finditer((DOCS / page).read_text("utf-8")):
        if token["heading"] is not None:
            current = token["heading"]
        elif (heading, language) == (current, token["language"]):
            found.append(token["code"])
    assert found, f"docs/{page} shows no {language} under {heading!r}"
    return found
