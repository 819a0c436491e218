"""The size of records that a cluster lets a topic take, where that is less than the bridge asks for. Pure.

Kafka itself allows any size. Managed services have a limit (docs/managed-kafka.md), and so have clusters with a policy
for new topics (`create.topic.policy.class.name`); they refuse a topic with more, in words of their own.
"""

import re
from collections.abc import Iterator
from typing import Final

from runtime.units import format_size

LETTER_FACTOR: Final = 4
"""A dead letter is at most so many times as large as the body of the POST that brought its event."""
LEAST_LETTER: Final = LETTER_FACTOR * 64 * 1024
"""Bytes: no value of `intake.max_body` makes dead letters smaller (see `IntakeSettings`)."""
_MIB: Final = 2**20
_LEAST: Final = _MIB
"""Below this no service is known to be."""
_COMMON: Final = (100 * _MIB, 64 * _MIB, 32 * _MIB, 20 * _MIB, 16 * _MIB, 10 * _MIB, 8 * _MIB, 4 * _MIB, 2 * _MIB, _MIB)
_NUMBER: Final = re.compile(r"(?<!\d)\d{6,9}(?!\d)")


def smaller_sizes(asked: int, refusal: str) -> Iterator[int]:
    """Sizes in bytes to try after `asked` was refused in these words: those in the words, then limits of services."""
    named = {int(number) for number in _NUMBER.findall(refusal)}
    tried = {asked}
    for size in (*sorted(named, reverse=True), *_COMMON):
        if _LEAST <= size < asked and size not in tried:
            tried.add(size)
            yield size


def remedy(record_bytes: int) -> str:
    """What an operator can do about topics whose records have at most this size, `LEAST_LETTER` or more: a clause."""
    body = record_bytes // LETTER_FACTOR
    fits = format_size(body) if body % 1024 == 0 else f"{body // 1024} KiB"
    return f"set intake.max_body to {fits.replace(' ', '')} or less"
