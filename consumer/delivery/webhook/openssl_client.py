"""The webhook client over OpenSSL: what `rustls_client` promises, where its TLS library refuses.

`runtime.http.openssl` says which those are. The only file of this half that knows aiohttp.
"""

import io
import re
from collections.abc import Mapping
from typing import Final

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    RequestInfo,
    ServerDisconnectedError,
    hdrs,
)

from consumer.delivery.policy.outcome import ANSWER_LIMIT_BYTES, Answer, Fault, NoAnswer, Result
from consumer.delivery.webhook.answer_text import AnswerText, secrets_of
from consumer.delivery.webhook.formats import UnsendableError
from consumer.delivery.webhook.request import ExchangeWatcher, Lines, WebhookRequest
from runtime.config import EndpointSettings
from runtime.http.client import user_agent
from runtime.http.openssl import address_of, headers_of, openssl_session, reason_of, refusal_in

_PROGRAM: Final = "registry-worker"
_NOT_IN_A_HEADER: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
"""RFC 9110 section 5.5, and what has no UTF-8."""


class OpenSSLClient:
    """Sends to one endpoint over connections that are kept alive; made on the running loop.

    Two things that the library does not tell apart: a body that is broken from its first byte on undoes the status,
    and a proxy that closes the connection instead of opening a tunnel looks like the endpoint's reset.
    """

    def __init__(self, endpoint: EndpointSettings) -> None:
        """Opens no connection yet.

        Raises:
            OSError: a file of `tls` cannot be used.
        """
        self._url, authorization = address_of(endpoint.url)
        self._proxy = endpoint.proxy.reveal() if endpoint.proxy else None
        self._timeout_s: Final = endpoint.timeout_s
        self._configured = [(name.lower(), secret.reveal()) for name, secret in endpoint.headers]
        names = {name for name, _ in self._configured}
        ours = (("user-agent", user_agent(_PROGRAM)), ("authorization", authorization))
        self._defaults = [(name, value) for name, value in ours if value and name not in names]
        self._text: Final = AnswerText(secrets_of(endpoint))
        self._session: Final[ClientSession] = openssl_session(
            endpoint.tls,
            timeout_s=endpoint.timeout_s,
            connections=endpoint.concurrency,
            networks=endpoint.networks,
        )

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it.

        Args:
            request: body and headers.
            attempt_headers: those of this attempt alone (timestamp, signature).

        Raises:
            UnsendableError: the client will not build this request.
        """
        if self._session.closed:
            return NoAnswer(Fault.RESET, "the client is closed")
        lines = [*self._defaults, *request.lines(attempt_headers, self._configured)]
        if any(_NOT_IN_A_HEADER.search(value) for _, value in lines):  # the library looks only once it is connected
            raise UnsendableError("the client refuses to build the request: a header's value has control characters")
        if request.watcher is not None:
            request.watcher.sends(lines)
        return await self._exchange(lines, request.body, request.watcher)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _exchange(self, lines: Lines, body: bytes, watcher: ExchangeWatcher | None) -> Result:
        proxied = self._proxy is not None
        head: tuple[int, str] | None = None
        begun = bytearray()
        try:
            async with self._session.post(
                self._url, data=io.BytesIO(body), headers=headers_of(lines), proxy=self._proxy, allow_redirects=False
            ) as response:
                head = response.status, _retry_after(response)
                if watcher is not None:
                    watcher.answers(response.headers.items())
                await _drain(response, begun, self._text.reads)
        except TimeoutError:
            if head is None:
                return NoAnswer(Fault.TIMEOUT, f"no answer within {self._timeout_s:g} s")
        except (ClientError, OSError) as error:
            if head is None:
                return _no_answer(error, proxied=proxied)
        except UnicodeError:  # of the resolver: a label of the host's name that no name server could know
            return NoAnswer(Fault.PROXY if proxied else Fault.DNS, "the host's name cannot be looked up")
        assert head is not None
        return Answer(*head, self._text.of(begun) if begun else "")


async def _drain(response: ClientResponse, begun: bytearray, keep: int) -> None:
    """Read what there is of an answer, up to the limit; what is more costs its connection, not our memory.

    Its first `keep` bytes are added to `begun`, however it ends.
    """
    read = 0
    async for piece in response.content.iter_any():
        if read < keep:
            begun += piece[: keep - read]
        read += len(piece)
        if read > ANSWER_LIMIT_BYTES:
            response.close()
            return


def _retry_after(response: ClientResponse) -> str:
    """The header as it came; one that is not even text is none."""
    text = response.headers.get("retry-after", "")
    return "" if _NOT_IN_A_HEADER.search(text) else text


def _no_answer(error: ClientError | OSError, *, proxied: bool) -> NoAnswer:
    """What kept an answer from coming."""
    if refusal := refusal_in(error):
        return NoAnswer(Fault.FORBIDDEN, refusal)
    if isinstance(error, ClientConnectorError) and error.os_error.errno is None:  # asyncio's, and it says nothing
        return NoAnswer(Fault.TLS, "the connection was closed during the TLS handshake")
    return NoAnswer(_fault(error, proxied=proxied), reason_of(error))


def _fault(error: ClientError | OSError, *, proxied: bool) -> Fault:
    """Told from the library's own classes, the narrower ones first."""
    match error:
        case ClientProxyConnectionError() | ClientHttpProxyError():
            fault = Fault.PROXY
        case ClientResponseError(request_info=RequestInfo(method=hdrs.METH_CONNECT)):
            fault = Fault.PROXY
        case ClientSSLError():
            fault = Fault.TLS
        case ClientConnectorError():
            reached = Fault.DNS if isinstance(error, ClientConnectorDNSError) else Fault.CONNECT
            fault = Fault.PROXY if proxied else reached
        case ServerDisconnectedError() | OSError():
            fault = Fault.RESET
        case _:
            fault = Fault.PROTOCOL
    return fault
