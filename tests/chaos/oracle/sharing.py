"""Shares out among causes what several of them can explain, so that each has room for what it gets. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

C = TypeVar("C", bound=Hashable)


def share_out(choices: Sequence[Sequence[C]], rooms: Mapping[C, int]) -> list[C]:
    """One cause for each thing, so that as few things as can be have a cause without room for them.

    This is a maximum matching, found along augmenting paths: what has a cause already moves to another one of its own
    to make room.

    Args:
        choices: the causes that can explain each thing, the likeliest first; at least one.
        rooms: how many things each cause has room for.

    Returns:
        A cause for each thing, in order. What no cause has room for gets its likeliest.
    """
    taken: dict[C, list[int]] = {cause: [] for cause in rooms}
    given: list[C] = [causes[0] for causes in choices]

    def place(thing: int, tried: set[C]) -> bool:
        for cause in choices[thing]:
            if cause in tried:
                continue
            tried.add(cause)
            if len(taken[cause]) < rooms[cause] or makes_room(taken[cause], tried):
                taken[cause].append(thing)
                given[thing] = cause
                return True
        return False

    def makes_room(things: list[int], tried: set[C]) -> bool:
        for thing in things:
            if place(thing, tried):
                things.remove(thing)
                return True
        return False

    for thing in range(len(choices)):
        place(thing, set())
    return given
