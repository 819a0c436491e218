"""What is said of an action that no event has."""

import pytest

from schemas.actions import ACTIONS, OTHER_ACTIONS, unknown_action


@pytest.mark.parametrize("action", [*ACTIONS, *OTHER_ACTIONS])
def test_a_registrys_actions_are_known(action: str) -> None:
    """Nothing is said of an action that registries send."""
    assert unknown_action(action) is None


@pytest.mark.parametrize("word", ["puhl", "Push", "scanned"])
def test_an_unknown_action_is_named_with_the_known_ones(word: str) -> None:
    """The word as given, and all that exist; case counts, as in the registry."""
    known = "push, pull, mount, delete; from sources that keep all: build, cache, chart, "
    assert str(unknown_action(word)).startswith(f"no event has action {word}; known: {known}")
