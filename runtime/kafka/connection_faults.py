"""What stands between a client and its brokers, in librdkafka's own words: "Connection refused", "Unknown host", ...

A call that fails says only that no answer came. The reason comes apart from it, by the client's error callback, once
for each attempt to connect; whoever reports the failure asks here for it. librdkafka's texts hold addresses and no
secrets.
"""

import re
from typing import Final

from confluent_kafka import KafkaError

from runtime.clock import Clock, SystemClock

_CURRENT_S: Final = 30.0
"""A client without a connection tries anew at least every second: what it said longer ago is over."""
_WRAPPED: Final = re.compile(
    r"(?:\w+://)?(?P<broker>[^\s/]+)/\S+: (?P<text>.*?)(?: \(after \d+ms in state .*\))?", re.DOTALL
)
"""`PROTOCOL://HOST:PORT/BROKER: TEXT (after 3ms in state CONNECT, 4 identical error(s) suppressed)`."""
_VAGUE: Final = re.compile(
    r"Disconnected(: (SSL )?connection closed by peer(: receive .*)?)?"
    r"|\d+/\d+ brokers are down"
    r"|\d+ request\(s\) timed out: disconnect .*"
)
"""Texts that say that a connection is gone, and not why: they take the place of no other text."""


class ConnectionFaults:
    """Remembers why one client has no connection. Thread-safe: it holds one value."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._last: tuple[str, float] | None = None

    @property
    def cause(self) -> str:
        """Why there is no connection, one line; empty if the client has not said so lately."""
        if self._last is None or self._clock.monotonic() - self._last[1] > _CURRENT_S:
            return ""
        return self._last[0]

    def note(self, error: KafkaError) -> None:
        """Take note of what the client says; this is its `error_cb`."""
        broker, text = _unwrapped(error.str())
        if _VAGUE.fullmatch(text) and (known := self.cause):
            self._last = (known, self._clock.monotonic())
        else:
            self._last = (f"{broker}: {text}" if broker else text, self._clock.monotonic())

    def forget(self) -> None:
        """Kafka answered: what was in the way is gone."""
        self._last = None


def because(fault: str) -> str:
    """What stands behind a statement that something does not come, if the fault is known."""
    return f" ({fault})" if fault else ""


def _unwrapped(text: str) -> tuple[str, str]:
    """The broker's HOST:PORT (empty if none is named), and what is wrong with it without times and counts."""
    match = _WRAPPED.fullmatch(text.replace("\n", " "))
    return (match["broker"], match["text"]) if match else ("", text)
