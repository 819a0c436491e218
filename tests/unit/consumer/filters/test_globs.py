"""Globs over repositories and tags: what each sign matches, and which pattern of a list decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.filters.globs import Globs


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("library/*", "library/app", True),
        ("library/*", "library/a/b", False),
        ("library/*", "library/", True),
        ("library/*", "library", False),
        ("*", "app", True),
        ("*", "library/app", False),
        ("**", "library/a/b", True),
        ("**", "", True),
        ("library/**", "library/a/b", True),
        ("**/app", "a/b/app", True),
        ("**/app", "app", False),
        ("a**b", "a/x/b", True),
        ("***", "a/b", True),
        ("v?", "v1", True),
        ("v?", "v", False),
        ("v?", "v10", False),
        ("a?b", "a/b", False),
        ("v1.*", "v1.2", True),
        ("v1.*", "v1x2", False),
        ("a+b", "a+b", True),
        ("a+b", "aab", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("App", "app", False),
        ("app", "app2", False),
        ("app", "myapp", False),
        ("*", "two\nlines", True),
        ("a\\*", "a\\b", True),
    ],
)
def test_signs(pattern: str, text: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """`*` stays within a component, `**` crosses, `?` is one character of one; all else is itself; the whole counts."""
    assert expected is Globs([pattern]).match(text)
    assert expected is not Globs([f"!{pattern}"]).match(text)


@pytest.mark.parametrize(
    ("patterns", "text", "expected"),
    [
        ([], "anything", True),
        (["library/*", "!library/tmp*"], "library/app", True),
        (["library/*", "!library/tmp*"], "library/tmp1", False),
        (["library/*", "!library/tmp*"], "other/app", False),
        (["library/*", "!library/tmp*", "library/tmp-keep"], "library/tmp-keep", True),
        (["!library/tmp*"], "other/app", True),
        (["!library/tmp*", "library/tmp-keep"], "library/tmp-keep", True),
        (["!library/tmp*", "library/tmp-keep"], "library/tmp1", False),
        (["!library/tmp*", "library/tmp-keep"], "other/app", True),
        (["v*", "!*-rc*"], "v1-rc1", False),
        (["!*-rc*", "v*"], "v1-rc1", True),
    ],
)
def test_the_last_match_decides(patterns: list[str], text: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """The last pattern that matches decides; where none does, only a list that begins negative lets pass."""
    assert expected is Globs(patterns).match(text)


_NAMES = st.text("ab/.-", max_size=6)
_PATTERNS = st.builds(
    lambda sign, pattern: sign + pattern, st.sampled_from(["", "!"]), st.text("ab/*?.", min_size=1, max_size=5)
)


def _matches(pattern: str, text: str, slash: str) -> bool:
    """A glob by its definition, one sign after another; `slash` parts components."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(_matches(pattern[2:], text[at:], slash) for at in range(len(text) + 1))
    if pattern[0] == "*":
        component = len(text.split(slash, maxsplit=1)[0])
        return any(_matches(pattern[1:], text[at:], slash) for at in range(component + 1))
    if not text:
        return False
    same = text[0] != slash if pattern[0] == "?" else text[0] == pattern[0]
    return same and _matches(pattern[1:], text[1:], slash)


@given(st.lists(_PATTERNS, max_size=5), _NAMES, st.booleans())
def test_lists_follow_their_definition(patterns: list[str], text: str, paths: bool) -> None:  # noqa: FBT001 - drawn
    """For any list the verdict is that of the last pattern that matches, else of whether the first is negative."""
    slash = "/" if paths else "\0"
    verdicts = [not one.startswith("!") for one in patterns if _matches(one.removeprefix("!"), text, slash)]
    otherwise = not patterns or patterns[0].startswith("!")
    assert (verdicts[-1] if verdicts else otherwise) is Globs(patterns, paths=paths).match(text)


@pytest.mark.parametrize(
    ("patterns", "asks_for_nothing"), [([], True), (["!a"], True), (["!a", "!b"], True), (["!a", "b"], False)]
)
def test_lists_that_ask_for_nothing(patterns: list[str], asks_for_nothing: bool) -> None:  # noqa: FBT001 - a table
    """Empty and all-negative lists ask for nothing; only an empty one is false."""
    globs = Globs(patterns)
    assert asks_for_nothing is globs.only_negative
    assert bool(patterns) is bool(globs)
