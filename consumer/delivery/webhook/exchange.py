"""One exchange with an endpoint, whole: what is sent, what comes back, and when; for a person, so without secrets.

It is made with the client, the headers and the signature of live delivery, and touches nothing of it.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from consumer.delivery.policy.outcome import Answer, Outcome, describe, outcome_of
from consumer.delivery.webhook.answer_text import AnswerText, secrets_of
from consumer.delivery.webhook.client import client_of
from consumer.delivery.webhook.formats import Sendable, request_of
from consumer.delivery.webhook.sender import signer_of
from consumer.delivery.webhook.written_forms import needles_of, spans_of
from runtime.cli.terminal import printable
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.config.secrets import MASK, Secret, masked_url

TEST_HEADER: Final = "registry-test"
"""By which a receiver tells a test from a live request."""
_SHOWN_BODY: Final = 16 * 1024
"""Characters of the request's body."""
_SECRET_NAMES: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})

HeaderLines = Sequence[tuple[str, str]]


class WebhookExchange(Struct, frozen=True, kw_only=True):
    """One request and what came of it; every text is safe to print."""

    endpoint: str
    url: str
    proxy: str
    """The proxy that it goes through; empty if there is none."""
    request_line: str
    request_headers: HeaderLines
    body: str
    status: int | None
    """None: there was no answer."""
    answer_headers: HeaderLines
    answer_text: str
    """How the answer's body begins."""
    outcome: Outcome
    said: str
    """The answer, or why there is none, in a few words."""
    head_s: float | None
    """Seconds from the request to the head of its answer."""
    total_s: float
    """To the end of what is read of it."""
    sink: str = ""
    """The sink in Python that was called; then there is no request, and `request_line` is the call. Empty: a URL."""


async def exchanged(endpoint: EndpointSettings, sendable: Sendable, clock: Clock, *, test: str) -> WebhookExchange:
    """Send one event, once, whatever the endpoint's filters say; `test` is what the header `registry-test` says.

    Raises:
        ClientSettingsError: its address, headers, certificates or proxy cannot be used.
        UnsendableError: no request can be made of the event.
    """
    made = request_of([sendable], endpoint.form)
    kept = tuple((name, value) for name, value in made.headers if name != "registry-event" or test == "event")
    watcher = _Watcher(clock)
    request = replace(made, headers=(*kept, (TEST_HEADER, test)), watcher=watcher)
    client = client_of(endpoint, clock)
    began = clock.monotonic()
    try:
        result = await client.send(request, signer_of(endpoint).headers(request, clock.wall()))
        total_s = clock.monotonic() - began
    finally:
        await client.close()
    shown = _Masked(endpoint)
    where = [("host", urlsplit(endpoint.url).netloc.rpartition("@")[2])]
    size = [("content-length", str(len(request.body)))]
    return WebhookExchange(
        endpoint=endpoint.name,
        url=endpoint.safe_url,
        proxy=masked_url(endpoint.proxy.reveal()) if endpoint.proxy else "",
        request_line=f"POST {_safe_target(endpoint)} HTTP/1.1",
        request_headers=shown.sent([*where, *watcher.sent, *size]),
        body=shown_body(request.body, endpoint.template.secrets if endpoint.template else ()),
        status=result.status if isinstance(result, Answer) else None,
        answer_headers=shown.answered(watcher.answered),
        answer_text=result.text if isinstance(result, Answer) else "",
        outcome=outcome_of(result, endpoint.reject_statuses),
        said=describe(result),
        head_s=None if watcher.head_at is None else watcher.head_at - began,
        total_s=total_s,
    )


def _safe_target(endpoint: EndpointSettings) -> str:
    """Path and query as the log shows them: what the environment put into the path is a secret, as the query is."""
    path = urlsplit(endpoint.safe_url).path or "/"
    return printable(f"{path}?{MASK}" if urlsplit(endpoint.url).query else path)


class _Watcher:
    """Keeps the lines of the last request that went out, and of its answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self.sent: list[tuple[str, str]] = []
        self.answered: list[tuple[str, str]] = []
        self.head_at: float | None = None

    def sends(self, lines: Iterable[tuple[str, str]]) -> None:
        """See `ExchangeWatcher`."""
        self.sent = list(lines)

    def answers(self, lines: Iterable[tuple[str, str]]) -> None:
        """See `ExchangeWatcher`."""
        self.answered = list(lines)
        self.head_at = self._clock.monotonic()


class _Masked:
    """Shows header lines of one endpoint without its secrets."""

    def __init__(self, endpoint: EndpointSettings) -> None:
        self._text: Final = AnswerText(secrets_of(endpoint))
        self._secret: Final = _SECRET_NAMES | {name.lower() for name, _ in endpoint.headers}

    def sent(self, lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """A configured header's value is a secret; all others are ours."""
        return [(name.lower(), MASK if name.lower() in self._secret else value) for name, value in lines]

    def answered(self, lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """An answer may show a secret anywhere; and what a browser would keep is one."""
        return [
            (printable(name.lower()), MASK if name.lower() in self._secret else self._text.of(value.encode()))
            for name, value in lines
        ]


def shown_body(body: bytes, secrets: Iterable[Secret] = ()) -> str:
    """How a body begins, line by line, so that an envelope can be read.

    Events hold no secret of the endpoint; `secrets` are those of its template.
    """
    text = _without(secrets, body).decode(errors="replace")
    cut = text[:_SHOWN_BODY]
    more = "" if len(cut) == len(text) else f"\n... and {len(text) - len(cut)} characters more"
    return "\n".join(map(printable, cut.split("\n"))) + more


def _without(secrets: Iterable[Secret], body: bytes) -> bytes:
    needles = needles_of(secret.reveal() for secret in secrets if secret.reveal())
    shown, done = b"", 0
    for start, end in spans_of(needles, body) if needles else []:
        shown += body[done:start] + MASK.encode()
        done = end
    return shown + body[done:]
