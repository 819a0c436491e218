"""The webhook client: one POST, one result, within one deadline. The only file that imports the HTTP client.

Redirects are never followed; at most 64 KiB of an answer are read, so that its connection can serve again, and the
status decides whatever becomes of the body.
"""

import asyncio
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, ClassVar, Final

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    DetailedPyreqwestError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.proxy import ProxyBuilder

from consumer.delivery.formats import UnsendableError
from consumer.delivery.outcome import Answer, Fault, NoAnswer, Result
from consumer.delivery.request import WebhookRequest
from runtime.config import EndpointSettings, TLSSettings
from runtime.errors import BridgeError

ANSWER_LIMIT_BYTES: Final = 64 * 1024
USER_AGENT: Final = f"registry-worker/{version('registry-event-bridge')}"

_KEEP_IDLE: Final = 512


class ClientSettingsError(BridgeError):
    """The endpoint's certificates or proxy cannot be used."""

    exit_code: ClassVar[int] = 2


class WebhookClient:
    """Sends to one endpoint over connections that are kept alive."""

    def __init__(self, endpoint: EndpointSettings) -> None:
        self._url = endpoint.url
        self._timeout_s = endpoint.timeout_s
        self._configured = [(name.lower(), secret.reveal()) for name, secret in endpoint.headers]
        self._names = {name for name, _ in self._configured}
        self._client = _client(endpoint)

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
            post = self._client.post(self._url).headers(kept + self._configured).body_bytes(request.body)
            streamed = post.build_streamed()
        except (BuilderError, ValueError, TypeError) as error:
            raise UnsendableError(f"the client refuses to build the request: {type(error).__name__}") from error
        return await self._exchange(streamed)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _exchange(self, streamed: Any) -> Result:
        answer: Answer | None = None
        try:
            async with asyncio.timeout(self._timeout_s), streamed as response:
                answer = Answer(response.status, response.get_header("retry-after") or "")
                await _drain(response.body_reader)
        except TimeoutError as error:
            return answer or NoAnswer(_timeout_fault(error), f"no answer within {self._timeout_s:g} s")
        except PyreqwestError as error:
            return answer or NoAnswer(_fault(error), _explained(error))
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
        .pool_max_idle_per_host(_KEEP_IDLE)
    )
    for decompress in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
        decompress(enable=False)
    try:
        return _secured(_proxied(builder, endpoint), endpoint.tls).build()
    except (BuilderError, ValueError, OSError) as error:
        raise ClientSettingsError(f"endpoint {endpoint.name}: {_explained(error)}") from error


def _proxied(builder: ClientBuilder, endpoint: EndpointSettings) -> ClientBuilder:
    return builder.proxy(ProxyBuilder.all(endpoint.proxy.reveal())) if endpoint.proxy else builder.no_proxy()


def _secured(builder: ClientBuilder, tls: TLSSettings) -> ClientBuilder:
    if tls.ca:
        builder = builder.add_root_certificate_pem(tls.ca.read_bytes())
    if tls.cert and tls.key:
        builder = builder.identity_pem(tls.cert.read_bytes() + b"\n" + tls.key.read_bytes())
    return builder if tls.verify else builder.danger_accept_invalid_certs(enable=True)


async def _drain(body: Any) -> None:
    """Read what there is of an answer, up to the limit; what is more costs its connection, not our memory."""
    read = 0
    while read <= ANSWER_LIMIT_BYTES:
        piece = await body.read_chunk()
        if piece is None:
            return
        read += len(piece)


def _timeout_fault(error: TimeoutError) -> Fault:
    return Fault.CONNECT if isinstance(error, ConnectTimeoutError) else Fault.TIMEOUT


def _fault(error: PyreqwestError) -> Fault:
    causes = _causes(error)
    if isinstance(error, RequestTimeoutError):
        return Fault.TIMEOUT
    if "dns error" in causes:
        return Fault.DNS
    if any(word in causes for word in ("certificate", "tls", "ssl", "handshake")):
        return Fault.TLS
    if "proxy" in causes or "tunnel" in causes:
        return Fault.PROXY
    if isinstance(error, ConnectError):
        return Fault.CONNECT
    return Fault.RESET if "connection" in causes else Fault.PROTOCOL


def _causes(error: PyreqwestError) -> str:
    return "; ".join(_cause_texts(error)).lower()


def _explained(error: Exception) -> str:
    """The innermost cause: the outer ones carry the URL, which may hold a secret."""
    texts = _cause_texts(error)
    return texts[-1] if len(texts) > 1 else type(error).__name__


def _cause_texts(error: Exception) -> list[str]:
    causes = error.details["causes"] if isinstance(error, DetailedPyreqwestError) else None
    return [cause["message"] for cause in causes or []]
