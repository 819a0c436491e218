"""Which globs can match a name at all, held against the globs that delivery uses and the registry's own grammar."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.filters.globs import Globs
from runtime.config.glob_reach import REPOSITORY, TAG, Grammar, shortest_match

COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
NAMES = {
    "repository": (REPOSITORY, rf"(?:{HOST_PART}(?:\.{HOST_PART})*(?::[0-9]+)?/)?{COMPONENT}(?:/{COMPONENT})*"),
    "tag": (TAG, r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"),
}
"""Regular expressions of distribution's `reference` package, IPv6 hosts left out."""
HOSTS = ["", "", "a/", "Hub/", "hub-1.example.com:5000/", "localhost:80/"]
PARTS = ["a", "0b", "a.b", "a_b", "a__b", "a-b", "a---b", "library"]
EXAMPLES = {
    "repository": st.builds(
        lambda host, parts: host + "/".join(parts),
        st.sampled_from(HOSTS),
        st.lists(st.sampled_from(PARTS), min_size=1, max_size=3),
    ),
    "tag": st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}\Z"),
}
PATTERNS = st.text("a0A._-/:*? ", min_size=1, max_size=12)


@pytest.mark.parametrize("kind", NAMES)
@given(pattern=PATTERNS)
def test_what_is_found_is_a_name_that_matches(kind: str, pattern: str) -> None:
    """A pattern that passes has a name to show for it."""
    grammar, legal = NAMES[kind]
    name = shortest_match(pattern, grammar)
    if name is not None:
        assert re.fullmatch(legal, name)
        assert Globs([pattern]).match(name)


@pytest.mark.parametrize("kind", NAMES)
@given(data=st.data())
def test_a_pattern_that_matches_a_name_is_never_called_idle(kind: str, data: st.DataObject) -> None:
    """A pattern made of a name, parts of it replaced by stars and question marks, has a match."""
    grammar, legal = NAMES[kind]
    name = data.draw(EXAMPLES[kind])
    assert re.fullmatch(legal, name)
    pattern = "".join(data.draw(st.sampled_from([character, "*", "?", "**"])) for character in name)
    if Globs([pattern]).match(name):
        assert shortest_match(pattern, grammar) is not None


@pytest.mark.parametrize(
    ("grammar", "pattern"),
    [
        *(
            (REPOSITORY, pattern)
            for pattern in ("library/*", "**", "*", "?", "Hub.example.com:5000/**", "a/**/b", "x__y")
        ),
        *((TAG, pattern) for pattern in ("v*", "*-rc*", "**", "latest", "_", "V1.2", "?" * 128)),
    ],
)
def test_globs_that_people_write_match(grammar: Grammar, pattern: str) -> None:
    """The usual ones, and one at the longest name."""
    assert shortest_match(pattern, grammar) is not None


@pytest.mark.parametrize(
    ("grammar", "pattern"),
    [
        *(
            (REPOSITORY, pattern)
            for pattern in ("/library/*", "library/", "Library", "library//app", "a b", " a", "lib*/App")
        ),
        *(
            (REPOSITORY, pattern)
            for pattern in ("library/app:v1", "library/app@sha256:*", "https://hub/*", "a___b", "a..b")
        ),
        *((REPOSITORY, pattern) for pattern in ("ü", "a" * 256, "^library/.*$", "library/(a|b)", "library\\*")),
        *(
            (TAG, pattern)
            for pattern in ("app/v1", ".v1", "-rc", "v 1", "sha256:*", "?" * 129, "v1+b", "v1,v2", "[v]*")
        ),
    ],
)
def test_globs_that_nothing_can_match_are_found(grammar: Grammar, pattern: str) -> None:
    """Slashes at an end, upper case, tags in repositories and the other way round, regular expressions, spaces."""
    assert shortest_match(pattern, grammar) is None


@pytest.mark.parametrize("pattern", ["*?" * 50_000, "**" * 10_000, "a" * 200_000])
def test_no_pattern_takes_long(pattern: str) -> None:
    """A pattern as long as a file may be is judged while one waits."""
    assert shortest_match(pattern, TAG) is None or pattern.startswith("**")
