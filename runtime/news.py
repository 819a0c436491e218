"""Which findings are new to somebody who tries again and again, and finds the same each time. Pure."""


class News:
    """Remembers the sentences that were logged of each matter, until it is settled."""

    def __init__(self) -> None:
        self._logged: dict[str, set[str]] = {}

    def is_news(self, matter: str, sentence: str) -> bool:
        """Whether the sentence is new to this matter; from now on it is not."""
        logged = self._logged.setdefault(matter, set())
        is_new = sentence not in logged
        logged.add(sentence)
        return is_new

    def settled(self, matter: str) -> bool:
        """Whether something was logged of it; if it comes back it is news again."""
        return bool(self._logged.pop(matter, None))
