"""What is said of an action that no event has."""

import pytest

from schemas.actions import ACTIONS, unknown_action


@pytest.mark.parametrize("action", ACTIONS)
def test_a_registrys_actions_are_known(action: str) -> None:
    """Nothing is said of an action that registries send."""
    assert unknown_action(action) is None


@pytest.mark.parametrize("word", ["puhl", "Push", "scan"])
def test_an_unknown_action_is_named_with_the_known_ones(word: str) -> None:
    """The word as given, and all that exist; case counts, as in the registry."""
    assert unknown_action(word) == f"no event has action {word}; known: push, pull, mount, delete"
