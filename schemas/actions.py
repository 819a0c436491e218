"""The actions of events, and the warning about a word that is none of them. Pure."""

from typing import Final

ACTIONS: Final = ("push", "pull", "mount", "delete")
"""All that distribution's registry and its forks send. An event may have any other text and is kept all the same."""
OTHER_ACTIONS: Final = (
    *(
        "build",
        "cache",
        "chart",
        "expiry",
        "failed",
        "lint",
        "mirror",
        "other",
        "package",
        "ping",
        "quarantine",
        "quota",
    ),
    *("referrer", "replication", "repository", "retention", "scan", "storage"),
)
"""What other registries tell beside; their events are kept only if the source's setting says so."""
KNOWN_ACTIONS: Final = f"{', '.join(ACTIONS)}; from sources that keep all: {', '.join(OTHER_ACTIONS)}"


def unknown_action(word: str) -> str | None:
    """Why a filter or option with this action matches nothing that a registry sends; None if the action is known.

    The text names the word as it was given; whoever shows it makes it fit for a terminal.
    """
    if word in ACTIONS or word in OTHER_ACTIONS:
        return None
    return f"no event has action {word}; known: {KNOWN_ACTIONS}"
