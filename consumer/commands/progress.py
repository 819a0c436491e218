"""Progress bars on standard error, where that is a terminal."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from runtime.clock import Clock
from runtime.progress import Item, Progress

_SHOW_EVERY: Final = 200
"""Records between two updates of a bar."""


class ReadingBars:
    """A bar for each range that is read."""

    def watch(self, items: Iterable[Item], length: int, label: str) -> Iterator[Item]:
        """Pass the items through, with a bar of how many of so many there were."""
        with _bar(length, label) as bar:
            for count, item in enumerate(items, 1):
                yield item
                if count % _SHOW_EVERY == 0:
                    bar.update(_SHOW_EVERY)
            bar.update(length - bar.pos)


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def advance(self, count: int, /) -> None:
        self._bar.update(count)


class _RatedBar:
    def __init__(self, bar: Any, clock: Clock) -> None:
        self._bar = bar
        self._clock = clock
        self._started = clock.monotonic()
        self._done = 0

    def advance(self, count: int, /) -> None:
        self._done += count
        rate = self._done / max(0.001, self._clock.monotonic() - self._started)
        self._bar.update(count, current_item=rate)


@contextmanager
def shown(length: int, label: str) -> Iterator[Progress]:
    """A bar of so many parts."""
    with _bar(length, label) as bar:
        yield _Bar(bar)


@contextmanager
def shown_with_rate(length: int, label: str, clock: Clock) -> Iterator[Progress]:
    """A bar of so many events, with how many a second are done."""
    with _bar(length, label, item_show_func=lambda rate: None if rate is None else f"{rate:.0f} events/s") as bar:
        yield _RatedBar(bar, clock)


def _bar(length: int, label: str, **options: Any) -> Any:
    hidden = not sys.stderr.isatty()
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden, **options)
