"""A sibling of a consumer group: a group that Kafka keeps in the same partition of `__consumer_offsets`. Pure.

The partition is the hash code of the group's name, as Java has it (`String.hashCode`), modulo the number of partitions.
Two names with one hash code have one partition, however many there are.
"""

from typing import Final

_BASE: Final = 31
"""Of Java's hash code."""
_CODES: Final = 2**32
_LETTERS: Final = 26
_LENGTH: Final = 8
"""Letters that are found for a name: some fifty words of this length fit."""


def hash_of(name: str) -> int:
    """Java's hash code of a text, from 0 to below 2**32: of its UTF-16 code units."""
    units = name.encode("utf-16-be")
    code = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (code * _BASE + high * 256 + low) % _CODES
    return code


def sibling_of(group: str) -> str:
    """A name with the hash code of the group's, and its beginning: rights to names by their beginning hold for both."""
    start = f"{group}.in-step."
    wanted = (hash_of(group) - hash_of(start + "a" * _LENGTH)) % _CODES
    words = (_word(number) for number in range(wanted, _BASE**_LENGTH, _CODES))
    return start + next(word for word in words if word)


def _word(number: int) -> str:
    """The letters whose places in the alphabet are the number's digits; empty if one is no letter."""
    digits = [number // _BASE**place % _BASE for place in reversed(range(_LENGTH))]
    return "".join(chr(ord("a") + digit) for digit in digits) if max(digits) < _LETTERS else ""
