"""Counts with their noun in texts for people: 1 broker, 2 brokers. Pure."""


def noun(count: int | str, singular: str, plural: str = "") -> str:
    """The noun that belongs to a count (a number, or one as it is shown); `plural` where an added s does not do."""
    return singular if str(count) == "1" else plural or f"{singular}s"


def counted(count: int | str, singular: str, plural: str = "") -> str:
    """The count and its noun: `1 copy`, `3 copies`."""
    return f"{count} {noun(count, singular, plural)}"
