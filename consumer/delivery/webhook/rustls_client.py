"""The webhook client: one POST, one result, within one deadline. The only file of this half that knows pyreqwest.

Redirects are never followed; at most 64 KiB of an answer are read, so that its connection can serve again, and the
status decides whatever becomes of the body. No error and no log shows the URL or a header's value.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder

from consumer.delivery.policy.outcome import ANSWER_LIMIT_BYTES, Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.answer_text import AnswerText, secrets_of
from consumer.delivery.webhook.client_faults import is_while_connecting, no_answer
from consumer.delivery.webhook.formats import UnsendableError
from consumer.delivery.webhook.request import ExchangeWatcher, Lines, WebhookRequest
from runtime.config import EndpointSettings, Secret
from runtime.http.client import causes, made, plain, user_agent, with_tls

_PROGRAM: Final = "registry-worker"
_NO_CONTENT: Final = 204


@dataclass(frozen=True, slots=True)
class Pin:
    """The address that stands for a name: no other is connected to, whatever the name means to others.

    The name stays what certificates are held against, and the Host header.
    """

    host: str
    """As the client writes it: `host_of`."""
    address: str
    connect_limit_s: float | None = None
    """Seconds for a connection, TLS included; None: all that the request may take."""


def host_of(url: str) -> str:
    """The host of a URL as the client takes it: in lower case, in ASCII, and an IP address in its one notation.

    Raises:
        ValueError: it is no URL to the client.
    """
    return (Url(url).host_str or "").removeprefix("[").removesuffix("]")


class WebhookClient:
    """Sends to one endpoint over connections that are kept alive.

    A send that is cancelled lets go at once; its connection is closed at the end of the send's own deadline, since the
    client library takes no earlier word.
    """

    def __init__(self, endpoint: EndpointSettings, pin: Pin | None = None) -> None:
        """Opens no connection yet.

        Args:
            endpoint: where to send, and how.
            pin: of the host that is connected to; None: the client looks its name up.

        Raises:
            ClientSettingsError: naming the key that is at fault.
        """
        self._timeout_s = endpoint.timeout_s
        self._proxied = endpoint.proxy is not None
        self._configured = [(name.lower(), secret.reveal()) for name, secret in endpoint.headers]
        self._client = _client(endpoint, pin)
        self._closed = False
        self._text = AnswerText(secrets_of(endpoint))
        # What would be refused at every send is refused here, before it can be taken for a fault of the events.
        of = f"endpoint {endpoint.name}"
        self._url = made(of, "url", lambda: Url(endpoint.url))
        post = made(of, "url", lambda: self._client.post(self._url))
        made(of, "headers", lambda: post.headers(self._configured).build())

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it.

        Args:
            request: body and headers.
            attempt_headers: those of this attempt alone (timestamp, signature).

        Raises:
            UnsendableError: the client will not build this request.
        """
        try:
            if self._closed:  # the library's own closing takes a moment in which it would still send
                return NoAnswer(Fault.RESET, "the client is closed")
            lines = request.lines(attempt_headers, self._configured)
            post = self._client.post(self._url).headers(lines).body_bytes(request.body)
            streamed = post.streamed_read_buffer_limit(0).build_streamed()  # 0: the head is told without the body
            if request.watcher is not None:
                request.watcher.sends([*self._defaults(lines), *lines])
        except (BuilderError, ValueError, TypeError) as error:
            # Not chained: the client's own text shows the value of a header.
            raise UnsendableError(f"the client refuses to build the request: {type(error).__name__}") from None
        return await self._exchange(streamed, request.watcher)

    def _defaults(self, lines: Lines) -> Lines:
        """Header lines that the library adds; for whoever watches."""
        user_info = urlsplit(str(self._url)).netloc.rpartition("@")[0]
        basic = [("authorization", f"Basic {b64encode(unquote(user_info).encode()).decode()}")] if user_info else []
        ours = [("user-agent", user_agent(_PROGRAM)), ("accept", "*/*"), *basic]
        return [(name, value) for name, value in ours if name not in {given for given, _ in lines}]

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._client.close()

    async def _exchange(self, streamed: Any, watcher: ExchangeWatcher | None) -> Result:
        head: tuple[int, str] | None = None
        begun = bytearray()
        try:
            async with streamed as response:
                head = response.status, _header(response, "retry-after")
                if watcher is not None:
                    watcher.answers(response.headers.items())
                if not _is_empty(response):
                    await _drain(response.body_reader, begun, self._text.reads)
        except RequestTimeoutError as error:
            if is_while_connecting(causes(error)):  # a pin's limit, which is no more than a part of the time
                return NoAnswer(Fault.PROXY if self._proxied else Fault.CONNECT, "no connection in time")
            if head is None:
                return NoAnswer(Fault.TIMEOUT, f"no answer within {self._timeout_s:g} s")
        except PyreqwestError as error:
            if head is None:
                return no_answer(causes(error), proxied=self._proxied)
        assert head is not None
        return Answer(*head, self._text.of(begun) if begun else "")


def _client(endpoint: EndpointSettings, pin: Pin | None) -> Client:
    """A client for this endpoint alone."""
    of = f"endpoint {endpoint.name}"
    builder = plain(ClientBuilder(), program=_PROGRAM, timeout_s=endpoint.timeout_s)
    builder = builder.pool_max_idle_per_host(endpoint.concurrency)
    builder = made(of, "proxy", lambda: _proxied(builder, endpoint.proxy))
    if pin is not None:
        builder = builder.resolve(pin.host, pin.address, 0)
    if pin is not None and pin.connect_limit_s is not None:
        builder = builder.connect_timeout(timedelta(seconds=pin.connect_limit_s))
    builder = with_tls(builder, endpoint.tls, of=of)
    return made(of, "tls", builder.build)


def _proxied(builder: ClientBuilder, proxy: Secret | None) -> ClientBuilder:
    return builder.proxy(ProxyBuilder.all(proxy.reveal())) if proxy else builder.no_proxy()


def _is_empty(response: Any) -> bool:
    """Whether there is no body to wait for (RFC 9112 section 6.3), as in most answers to a webhook."""
    return response.status == _NO_CONTENT or _header(response, "content-length") == "0"


async def _drain(body: Any, begun: bytearray, keep: int) -> None:
    """Read what there is of an answer, up to the limit; what is more costs its connection, not our memory.

    Its first `keep` bytes are added to `begun`, however it ends.
    """
    read = 0
    while read <= ANSWER_LIMIT_BYTES:
        piece = await body.read_chunk()
        if piece is None:
            return
        if read < keep:
            begun += piece[: keep - read]
        read += len(piece)


def _header(response: Any, name: str) -> str:
    """The header as it came; one that is not even text is none."""
    try:
        return response.get_header(name) or ""
    except ValueError:
        return ""
