"""docs/troubleshooting.md quotes what the code says: each log event, metric and text of the page is found there.

tests/e2e/test_troubleshooting.py provokes the most important ones.
"""

import re
from functools import cache

import pytest

from tests.kit.code_texts import literals
from tests.kit.paths import DOCS

PAGE = (DOCS / "troubleshooting.md").read_text("utf-8")
SPAN = re.compile(r"`([^`\n]+)`")
LOGGED = re.compile(r'"event": "([^"]+)"')
OF_OTHERS = (
    "response status 401 Unauthorized unaccepted, retrying",  # registry 2.8
    "failed to lookup address information",  # the HTTP client
    "handshake eof",
    "the server's certificate is not valid for the name",  # ours, from a pattern of its words
    "connecting to a PLAINTEXT broker listener?",  # librdkafka
    "Authentication failed",
    "Failed to resolve",
    "failed: Connection refused",
    "Connect to",
    "Connection refused",  # the system
    "connection refused",
    "Address already in use",
    "Name or service not known",
    "os error",
    "Expecting value",  # Python
    "disabled: true",  # the reader's own file
)
"""Texts that are not ours. The tests of tests/e2e/test_troubleshooting.py and test_secured_kafka.py provoke most."""
COVERED = 0.75
"""The share of a quoted text's letters that texts of the code make up, at least; the rest is filled in."""
SHORTEST = 5
"""Letters of a piece of the code's text that counts."""
FILLED_IN = re.compile(r"\S*[\d/#@]\S*|\b[\w-]+\.[\w.-]+\b")


def spans() -> list[str]:
    """Each piece of code in the page, once."""
    return list(dict.fromkeys(SPAN.findall(re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))))


@cache
def pieces() -> list[str]:
    """Those of a sentence, without what joins them to others."""
    stripped = {text.strip(" :;,.()\n") for text in literals()}
    return [piece for piece in stripped if len(re.sub(r"\W", "", piece)) >= SHORTEST]


def share_of(quoted: str) -> float:
    """How much of a quoted text, or of the sentence that it is a part of, is a text of the code or of OF_OTHERS."""
    if any(quoted in piece for piece in pieces()):
        return 1.0
    known = [piece for piece in (*pieces(), *OF_OTHERS) if piece in quoted]
    spans = [match.span() for piece in known for match in re.finditer(re.escape(piece), quoted)]
    covered = {place for span in spans for place in range(*span)}
    filled_in = {place for match in FILLED_IN.finditer(quoted) for place in range(*match.span())} - covered
    letters = {place for place, character in enumerate(quoted) if character.isalpha()} - filled_in
    return len(letters & covered) / len(letters)


@pytest.mark.parametrize("quoted", [span for span in spans() if " " in span and not span.startswith("registry-")])
def test_a_quoted_text_is_one_of_the_codes(quoted: str) -> None:
    """Word by word, but for what is filled in."""
    assert share_of(quoted) >= COVERED


def test_a_wrong_text_is_found() -> None:
    """The check above sees a text that has been reworded."""
    assert share_of("paused by Retry-After for 10m21s") == 1
    assert share_of("held back by Retry-After for 10m21s") < COVERED


def test_each_line_of_the_log_is_one_of_the_codes() -> None:
    """Whole lines; tests/unit/test_docs_names.py looks at what is named elsewhere."""
    logged = LOGGED.findall(PAGE)
    assert logged
    assert set(logged) <= literals()
