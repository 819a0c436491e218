"""A request, ready to send, and the header lines that it goes out with. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

Lines = list[tuple[str, str]]


class WebhookRequest(Struct, frozen=True, gc=False):
    """One POST to an endpoint, but for what is the endpoint's own: address and configured headers."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    webhook_id: str

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
