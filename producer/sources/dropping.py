"""Members cut out of JSON text; all else of the text stays as it is, to the byte. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from schemas.json_text import MemberPlace, items_of, members_of, skip_space

_Cut: TypeAlias = "tuple[int, int]"


def without(text: str, paths: Iterable[str]) -> str:
    """The text without the members at these paths.

    A path is the names of members by dots. Where a list stands on the way, each of its items is meant; a member that
    stands twice goes twice.

    Args:
        text: known to be JSON.
        paths: such as `actor.user`; what is not there is no fault.
    """
    for path in paths:
        text = _joined(text, _cuts(text, 0, path.split(".")))
    return text


def _joined(text: str, cuts: Iterable[_Cut]) -> str:
    pieces, at = [], 0
    for start, end in cuts:
        pieces.append(text[at:start])
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def _cuts(text: str, at: int, names: Sequence[str]) -> Iterator[_Cut]:
    """What is to be cut out of the value at `at`, in the order of the text."""
    at = skip_space(text, at)
    if text.startswith("[", at):
        for start, _ in items_of(text, at):
            if text[start] == "{":  # a list within a list is none of the way
                yield from _cuts(text, start, names)
    elif text.startswith("{", at):
        members = list(members_of(text, at))
        if len(names) == 1:
            yield from _removed(members, names[0])
        else:
            for member in members:
                if member.name == names[0]:
                    yield from _cuts(text, member.start, names[1:])


def _removed(members: Sequence[MemberPlace], name: str) -> Iterator[_Cut]:
    """Each member of this name, with the comma that goes with it."""
    kept = [index for index, member in enumerate(members) if member.name != name]
    last = kept[-1] if kept else -1
    for index, member in enumerate(members[: last + 1]):
        if member.name == name:
            yield member.begin, members[index + 1].begin
    if last + 1 < len(members):
        yield members[last].end if kept else members[0].begin, members[-1].end
