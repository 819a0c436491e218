"""The actions of a registry's events, and the warning about a word that is none of them. Pure."""

from typing import Final

ACTIONS: Final = ("push", "pull", "mount", "delete")
"""All that distribution's registry and its forks send. An event may have any other text and is kept all the same."""


def unknown_action(word: str) -> str | None:
    """Why a filter or option with this action matches nothing a registry sends; None if the action is known.

    The text names the word as it was given; whoever shows it makes it fit for a terminal.
    """
    if word in ACTIONS:
        return None
    return f"no event has action {word}; known: {', '.join(ACTIONS)}"
