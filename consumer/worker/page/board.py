"""The board: all parts of the page as they are now, and which of them changed since when. Pure.

Every open page asks what changed since the version that it has. Those that have the same version share the answer, and
one that was slow gets only what counts now.
"""

from collections.abc import Iterable, Mapping
from typing import Final

PAGE: Final = ""
"""The name under which the page's own parts stand; no endpoint has it."""

Changes = dict[str, dict[str, str]]
"""By endpoint and part."""


class Board:
    """Parts by endpoint and name, each with the version of its last change."""

    def __init__(self) -> None:
        """Empty, version 0."""
        self.version = 0
        self.names: tuple[str, ...] = ()
        """Of the endpoints, in the order of the configuration."""
        self.renamed_at = 0
        """The version at which there were other endpoints last: an older page has to be loaded again."""
        self._parts: dict[str, dict[str, tuple[int, str]]] = {PAGE: {}}
        self._since: dict[int, Changes] = {}
        """Answers for the version that is now."""

    def put(self, names: Iterable[str], changed: Mapping[str, Mapping[str, str]]) -> None:
        """These are the endpoints now, and these parts are others, those of a new endpoint among them."""
        shown = tuple(names)
        changed = {name: parts for name, parts in changed.items() if self._is_other(name, parts)}
        if shown == self.names and not changed:
            return
        self.version += 1
        self._since.clear()
        if shown != self.names:
            self.names, self.renamed_at = shown, self.version
            self._parts = {name: self._parts.get(name, {}) for name in (PAGE, *shown)}
        for name, parts in changed.items():
            for part, text in parts.items():
                if self._text(name, part) != text:
                    self._parts[name][part] = self.version, text

    def parts(self, name: str) -> dict[str, str]:
        """All parts of an endpoint, or of the page itself."""
        return {part: text for part, (_, text) in self._parts.get(name, {}).items()}

    def since(self, version: int) -> Changes:
        """The parts that changed after this version."""
        if version not in self._since:
            self._since[version] = {
                name: changed
                for name, parts in self._parts.items()
                if (changed := {part: text for part, (at, text) in parts.items() if at > version})
            }
        return self._since[version]

    def _is_other(self, name: str, parts: Mapping[str, str]) -> bool:
        return any(self._text(name, part) != text for part, text in parts.items())

    def _text(self, name: str, part: str) -> str | None:
        return self._parts.get(name, {}).get(part, (0, None))[1]
