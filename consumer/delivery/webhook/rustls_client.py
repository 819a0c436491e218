"""The webhook client: one POST, one result, within one deadline. The only file of this half that knows pyreqwest.

Redirects are never followed; at most 64 KiB of an answer are read, so that its connection can serve again, and the
status decides whatever becomes of the body. No error and no log shows the URL or a header's value.
"""

from collections.abc import Mapping
from typing import Any, Final

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder

from consumer.delivery.policy.outcome import ANSWER_LIMIT_BYTES, Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.client_faults import no_answer
from consumer.delivery.webhook.formats import UnsendableError
from consumer.delivery.webhook.request import WebhookRequest
from runtime.config import EndpointSettings, Secret
from runtime.http.client import causes, made, plain, with_tls

_PROGRAM: Final = "registry-worker"
_NO_CONTENT: Final = 204


class WebhookClient:
    """Sends to one endpoint over connections that are kept alive.

    A send that is cancelled lets go at once; its connection is closed at the end of the send's own deadline, since the
    client library takes no earlier word.
    """

    def __init__(self, endpoint: EndpointSettings) -> None:
        """Opens no connection yet.

        Raises:
            ClientSettingsError: naming the key that is at fault.
        """
        self._timeout_s = endpoint.timeout_s
        self._proxied = endpoint.proxy is not None
        self._configured = [(name.lower(), secret.reveal()) for name, secret in endpoint.headers]
        self._client = _client(endpoint)
        self._closed = False
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
        except (BuilderError, ValueError, TypeError) as error:
            # Not chained: the client's own text shows the value of a header.
            raise UnsendableError(f"the client refuses to build the request: {type(error).__name__}") from None
        return await self._exchange(streamed)

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._client.close()

    async def _exchange(self, streamed: Any) -> Result:
        answer: Answer | None = None
        try:
            async with streamed as response:
                answer = Answer(response.status, _header(response, "retry-after"))
                if not _is_empty(response):
                    await _drain(response.body_reader)
        except RequestTimeoutError:
            return answer or NoAnswer(Fault.TIMEOUT, f"no answer within {self._timeout_s:g} s")
        except PyreqwestError as error:
            return answer or no_answer(causes(error), proxied=self._proxied)
        assert answer is not None
        return answer


def _client(endpoint: EndpointSettings) -> Client:
    """A client for this endpoint alone."""
    of = f"endpoint {endpoint.name}"
    builder = plain(ClientBuilder(), program=_PROGRAM, timeout_s=endpoint.timeout_s)
    builder = builder.pool_max_idle_per_host(endpoint.concurrency)
    builder = made(of, "proxy", lambda: _proxied(builder, endpoint.proxy))
    builder = with_tls(builder, endpoint.tls, of=of)
    return made(of, "tls", builder.build)


def _proxied(builder: ClientBuilder, proxy: Secret | None) -> ClientBuilder:
    return builder.proxy(ProxyBuilder.all(proxy.reveal())) if proxy else builder.no_proxy()


def _is_empty(response: Any) -> bool:
    """Whether there is no body to wait for (RFC 9112 section 6.3), as in most answers to a webhook."""
    return response.status == _NO_CONTENT or _header(response, "content-length") == "0"


async def _drain(body: Any) -> None:
    """Read what there is of an answer, up to the limit; what is more costs its connection, not our memory."""
    read = 0
    while read <= ANSWER_LIMIT_BYTES:
        piece = await body.read_chunk()
        if piece is None:
            return
        read += len(piece)


def _header(response: Any, name: str) -> str:
    """The header as it came; one that is not even text is none."""
    try:
        return response.get_header(name) or ""
    except ValueError:
        return ""
