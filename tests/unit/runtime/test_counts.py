"""Counts and their nouns."""

import pytest

from runtime.counts import counted, noun


@pytest.mark.parametrize(("count", "said"), [(0, "0 brokers"), (1, "1 broker"), (2, "2 brokers"), (-1, "-1 brokers")])
def test_the_noun_follows_the_count(count: int, said: str) -> None:
    """One is singular, all others plural."""
    assert counted(count, "broker") == said


def test_an_irregular_plural_is_given() -> None:
    """The plural that is given stands for every count but one."""
    assert [counted(count, "copy", "copies") for count in (1, 2)] == ["1 copy", "2 copies"]
    assert noun(2, "copy", "copies") == "copies"
