"""From what a sink raised to the result of the try; options that show in a text are masked as secrets."""

import math
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from consumer.delivery.policy.outcome import Outcome, SinkResult
from consumer.delivery.sink.errors import EventRejectedError, SinkUnavailableError
from consumer.delivery.webhook.answer_text import AnswerText
from runtime.sink_factory import told

WRITTEN: Final = SinkResult(Outcome.DELIVERED)
_SHORTEST_SECRET: Final = 6
"""Characters: shorter options stand in many a text by chance, and would make it unreadable."""


class SinkResults:
    """Judges what one sink raises."""

    def __init__(self, options: Any) -> None:
        """`options` of the sink's factory may show in its exceptions."""
        self._text: Final = AnswerText(sorted(set(_texts(options))))

    def of(self, error: BaseException) -> SinkResult:
        """What follows from an exception of `write`."""
        said = self._text.of(told(error).encode())
        if isinstance(error, EventRejectedError):
            return SinkResult(Outcome.REJECTED, said)
        if isinstance(error, SinkUnavailableError):
            wait = _seconds(error.retry_after)
            return SinkResult(Outcome.THROTTLED if wait else Outcome.UNAVAILABLE, said, wait)
        return SinkResult(Outcome.FAILED, said)

    def of_factory(self, error: BaseException) -> SinkResult:
        """What follows from an exception of the factory: there is no sink, whatever the event."""
        return self.unmade(f"its factory raised {told(error)}")

    def unmade(self, why: str) -> SinkResult:
        """There is no sink."""
        return SinkResult(Outcome.UNAVAILABLE, self._text.of(f"there is no sink: {why}".encode()))


def _seconds(retry_after: Any) -> str:
    """As the header Retry-After has it: whole seconds, upwards; empty if it is no time."""
    if not isinstance(retry_after, int | float) or not 0 < retry_after < math.inf:
        return ""
    return str(math.ceil(retry_after))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield from (text for text in (value, _password(value)) if len(text) >= _SHORTEST_SECRET)


def _password(value: str) -> str:
    """Of a URL, such as that of a database; empty if there is none."""
    try:
        return unquote(urlsplit(value).password or "")
    except ValueError:
        return ""
