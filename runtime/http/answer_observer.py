"""Who learns of the answers of a connection."""

from typing import Final, Protocol


class AnswerObserver(Protocol):
    """Learns that requests are answered."""

    def answered(self) -> None:
        """The application's answer is written, whether or not the body was read to its end."""


class _Nobody:
    """The observer of a connection that is gone."""

    def answered(self) -> None:
        """See `AnswerObserver`."""


NOBODY: Final = _Nobody()
