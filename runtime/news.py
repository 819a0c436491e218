"""What is news: of the things that somebody who tries again and again finds each time. Pure."""


class News:
    """Says of each sentence whether it was said before, since the matter was settled."""

    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}

    def is_news(self, matter: str, sentence: str) -> bool:
        """Whether nobody has said so of this matter yet; from now on somebody has."""
        said = self._said.setdefault(matter, set())
        is_new = sentence not in said
        said.add(sentence)
        return is_new

    def settled(self, matter: str) -> bool:
        """Whether there was something to say of it; if it comes back it is news again."""
        return bool(self._said.pop(matter, None))
