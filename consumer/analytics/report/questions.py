"""The questions, in the order in which they are answered, and the SQL files that say what is counted.

Knows no database: a question is a title, a note for whoever reads the answer, and the name of its file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

RULES: Final[Sequence[str]] = (
    *("records", "repeats", "events", "sources", "user_agents", "image_events", "children", "pulls", "endings"),
)
"""The files that make the tables which questions read, in the order in which they run."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a report."""

    name: str
    """Names its SQL file, and the answer in JSON."""
    title: str
    note: str = ""
    """A note for whoever reads the answer."""


WINDOW: Final = Question(
    "window", "Window of the data", "Times are UTC. The window is from the first to the last record."
)
WHO_PULLS_TAG: Final = Question("who_pulls_tag", "Who still pulls this tag", "Pulls by digest count too.")
DAYS: Final = Question("activity_by_day", "Activity by day")
HOURS: Final = Question("activity_by_hour", "Pulls by hour", "UTC; weekday 1 is Monday.")
REPOSITORIES: Final = Question(
    "most_pulled_repositories", "Most pulled repositories", "7 and 30 days back from the last record."
)
TAGS: Final = Question(
    "most_pulled_tags", "Most pulled tags", "Without a tag: pulled by a digest for which no event has a tag."
)
CLIENTS: Final = Question("clients", "Clients and versions", "From the user agents.")
BYTES: Final = Question(
    "bytes_by_repository", "Bytes by repository", "Pushed: each blob once. Served: every GET of a blob, in full."
)
BYTES_BY_CLIENT: Final = Question("bytes_by_client", "Bytes by client address", "Counted as in bytes by repository.")
ACTORS: Final = Question(
    "actors", "Actors and their last activity", "Without a name: nobody was logged in, or the source names nobody."
)
CHURN: Final = Question(
    "tag_churn",
    "Tags that move",
    "A move is a push that gives the tag another digest; unknown if pushes have no digest.",
)
PUSHES: Final = Question(
    "pushes_against_pulls", "Pushes and pulls", "Pulls are unknown if the data have none from the source of the pushes."
)
MOUNTS: Final = Question("mounts_against_pushes", "Mounts and pushes", "A mount transfers nothing.")
UNUSED: Final = Question(
    "last_use_of_tags",
    "Last use of tags",
    "GET or HEAD. Not used since: only for tags that were pushed within the window and not deleted since, and only if "
    "the data have pulls from their source.",
)
SOURCES: Final = Question(
    "what_sources_send",
    "What each source sends",
    "In percent of its events, of all repositories. A fact that is at 0 leaves questions open.",
)
LEFT_OPEN: Final = Question(
    "left_open",
    "Questions that a source leaves open",
    "All or in part: no event of the source has what is missing. It may send none, or there was none.",
)

QUESTIONS: Final[Sequence[Question]] = (
    WINDOW,
    WHO_PULLS_TAG,
    DAYS,
    HOURS,
    REPOSITORIES,
    TAGS,
    UNUSED,
    Question(
        "last_use_of_digests",
        "Last use of digests",
        "A digest in an index may be needed although nobody pulled it by itself.",
    ),
    BYTES,
    BYTES_BY_CLIENT,
    CHURN,
    PUSHES,
    MOUNTS,
    ACTORS,
    CLIENTS,
    Question("deletes", "Who deleted what"),
    Question("other_events", "Other events", "Scans, quotas, replications and others, from sources with keep: all."),
    SOURCES,
    LEFT_OPEN,
    Question("registries", "Registries and their instances", "An instance is one start of a registry process."),
    Question("undecodable", "Records that cannot be decoded", "Of all repositories, also if the report selects some."),
)

ATTEMPT_RULES: Final[Sequence[str]] = ("attempts",)
"""The files that make what questions about attempts read, after the other rules."""
_KEEP_ALL: Final = "The part that failed is known if worker.attempts.keep is all."
ATTEMPT_QUESTIONS: Final[Sequence[Question]] = (
    Question("attempts_by_endpoint", "Deliveries and failures by endpoint", _KEEP_ALL),
    Question("attempts_by_hour", "Deliveries and failures by hour", f"UTC. {_KEEP_ALL}"),
    Question("attempts_by_status", "What endpoints answered", "Without a status: why there was no answer."),
)
"""Asked if there are attempts: they need the topic of attempts, or its export."""


def sql_of(name: str) -> str:
    """The text of a rule's or a question's SQL file."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text("utf-8")
