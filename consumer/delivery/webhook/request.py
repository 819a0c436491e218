"""A request, ready to send, and the header lines that it goes out with. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

Lines = list[tuple[str, str]]


class ExchangeWatcher(Protocol):
    """Sees one exchange as its client has it; secrets are in it."""

    def sends(self, lines: Iterable[tuple[str, str]]) -> None:
        """A request goes out with these header lines, beside `host` and `content-length`."""

    def answers(self, lines: Iterable[tuple[str, str]]) -> None:
        """An answer begins with these."""


class WebhookRequest(Struct, frozen=True, gc=False):
    """One POST to an endpoint, but for what is the endpoint's own: address and configured headers."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    webhook_id: str
    watcher: ExchangeWatcher | None = None
    """Who wants to see it; nobody sees those of live delivery."""

    def lines(self, attempt_headers: Mapping[str, str] | None, configured: Sequence[tuple[str, str]]) -> Lines:
        """The header lines of one attempt: a configured header replaces one of ours that has its name.

        Args:
            attempt_headers: those of this attempt alone (timestamp, signature).
            configured: the endpoint's own, names in lower case.
        """
        ours = [*self.headers, *(attempt_headers or {}).items()]
        if not configured:
            return ours
        replaced = {name for name, _ in configured}
        return [*((name, value) for name, value in ours if name not in replaced), *configured]
