"""The webhook client: one POST, one result, within one deadline. The only file that imports the HTTP client.

Redirects are never followed; at most 64 KiB of an answer are read, so that its connection can serve again, and the
status decides whatever becomes of the body. No error and no log shows the URL or a header's value.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    DetailedPyreqwestError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.proxy import ProxyBuilder

from consumer.delivery.faults import no_answer
from consumer.delivery.formats import UnsendableError
from consumer.delivery.outcome import Answer, Fault, NoAnswer, Result
from consumer.delivery.request import WebhookRequest
from runtime.config import EndpointSettings, Secret, TLSSettings
from runtime.errors import BridgeError

ANSWER_LIMIT_BYTES: Final = 64 * 1024
USER_AGENT: Final = f"registry-worker/{version('registry-event-bridge')}"

_Made = TypeVar("_Made")
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


class ClientSettingsError(BridgeError):
    """The endpoint's address, headers, certificates or proxy cannot be used."""

    exit_code: ClassVar[int] = 2


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
        self._url = endpoint.url
        self._timeout_s = endpoint.timeout_s
        self._proxied = endpoint.proxy is not None
        self._configured = [(name.lower(), secret.reveal()) for name, secret in endpoint.headers]
        self._names = {name for name, _ in self._configured}
        self._client = _client(endpoint)
        self._closed = False
        # What would be refused at every send is refused here, before it can be taken for a fault of the events.
        post = _made(endpoint.name, "url", lambda: self._client.post(self._url))
        _made(endpoint.name, "headers", lambda: post.headers(self._configured).build())

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it.

        Args:
            request: body and headers.
            attempt_headers: those of this attempt alone (timestamp, signature).

        Raises:
            UnsendableError: the client will not build this request.
        """
        headers = [*request.headers, *(attempt_headers or {}).items()]
        kept = [(name, value) for name, value in headers if name not in self._names]  # what is configured wins
        try:
            if self._closed:  # the library's own closing takes a moment in which it would still send
                return NoAnswer(Fault.RESET, "the client is closed")
            post = self._client.post(self._url).headers(kept + self._configured).body_bytes(request.body)
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
                answer = Answer(response.status, _retry_after(response))
                await _drain(response.body_reader)
        except RequestTimeoutError:
            return answer or NoAnswer(Fault.TIMEOUT, f"no answer within {self._timeout_s:g} s")
        except PyreqwestError as error:
            return answer or no_answer(_causes(error), proxied=self._proxied)
        assert answer is not None
        return answer


def _client(endpoint: EndpointSettings) -> Client:
    """A client for this endpoint alone; nothing is taken from the environment.

    Answers are not decompressed, as nobody looks at them: a bomb stays as small as it came.
    """
    builder = (
        ClientBuilder()
        .user_agent(USER_AGENT)
        .follow_redirects(enable=False)
        .http1_only()
        .error_for_status(enable=False)
        .timeout(timedelta(seconds=endpoint.timeout_s))
        .pool_max_idle_per_host(endpoint.concurrency)
    )
    for decompress in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
        decompress(enable=False)
    name, tls = endpoint.name, endpoint.tls
    builder = _made(name, "proxy", lambda: _proxied(builder, endpoint.proxy))
    builder = _made(name, "tls.ca", lambda: _trusting(builder, tls))
    builder = _made(name, "tls.cert with tls.key (PEM, not encrypted)", lambda: _identified(builder, tls))
    return _made(name, "tls", builder.build)


def _made(endpoint: str, key: str, make: Callable[[], _Made]) -> _Made:
    """What `make` makes of a setting, or the fault with the setting's name. Not chained: causes show secrets."""
    try:
        return make()
    except (BuilderError, ValueError, TypeError, OSError) as error:
        raise ClientSettingsError(f"endpoint {endpoint}: {key} cannot be used{_reason(error)}") from None


def _proxied(builder: ClientBuilder, proxy: Secret | None) -> ClientBuilder:
    return builder.proxy(ProxyBuilder.all(proxy.reveal())) if proxy else builder.no_proxy()


def _trusting(builder: ClientBuilder, tls: TLSSettings) -> ClientBuilder:
    if tls.ca:
        builder = builder.add_root_certificate_pem(_certificates(tls.ca))
    return builder if tls.verify else builder.danger_accept_invalid_certs(enable=True)


def _identified(builder: ClientBuilder, tls: TLSSettings) -> ClientBuilder:
    if tls.cert and tls.key:
        return builder.identity_pem(_certificates(tls.cert) + b"\n" + tls.key.read_bytes())
    return builder


def _certificates(file: Path) -> bytes:
    """The PEM file; one without a certificate would be taken, and trust or show nothing."""
    content = file.read_bytes()
    if _CERTIFICATE not in content:
        raise OSError(0, "holds no certificate", str(file))
    return content


def _reason(error: Exception) -> str:
    """What can be said of it without a secret."""
    if isinstance(error, OSError):
        return f": {error.filename} {error.strerror}"
    causes = _causes(error)
    return f": {causes[-1]}" if len(causes) > 1 else ""


async def _drain(body: Any) -> None:
    """Read what there is of an answer, up to the limit; what is more costs its connection, not our memory."""
    read = 0
    while read <= ANSWER_LIMIT_BYTES:
        piece = await body.read_chunk()
        if piece is None:
            return
        read += len(piece)


def _retry_after(response: Any) -> str:
    """The header as it came; one that is not even text is none."""
    try:
        return response.get_header("retry-after") or ""
    except ValueError:
        return ""


def _causes(error: Exception) -> list[str]:
    found = error.details["causes"] if isinstance(error, DetailedPyreqwestError) else None
    return [cause["message"] for cause in found or []]
