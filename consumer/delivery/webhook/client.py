"""The webhook client of an endpoint: the fast one, and a second one where the TLS library of the first never agrees.

Neither connects to an address that `worker.allow_networks` or `worker.deny_networks` refuses.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog

from consumer.delivery.policy.outcome import Fault, NoAnswer, Result
from consumer.delivery.webhook.limited_client import Client, LimitedClient
from consumer.delivery.webhook.pinned_client import PinnedClient
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.rustls_client import WebhookClient, host_of
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.host_addresses import Resolver, SystemResolver, is_address

_log: Final = structlog.get_logger(__name__)


class FallbackClient:
    """Sends with the first client until a server shows an authority's own certificate, and then with the second.

    The second one verifies the same and is slower. Which one serves is seen at each endpoint once, since a server
    keeps its kind of certificate; a restart begins with the first again.
    """

    def __init__(self, first: Client, second: Callable[[], Client], *, endpoint: str) -> None:
        """Begin with the first client.

        Args:
            first: serves as long as it can.
            second: makes the other one, on the running loop; raises OSError where its files cannot be used.
            endpoint: its name, for the log line.
        """
        self._first = first
        self._make_second = second
        self._second: Client | None = None
        self._endpoint = endpoint

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it. Raises what the clients raise."""
        if self._second is not None:
            return await self._second.send(request, attempt_headers)
        result = await self._first.send(request, attempt_headers)
        if not (isinstance(result, NoAnswer) and result.fault is Fault.AUTHORITY_AS_SERVER):
            return result
        if self._second is None:  # another send may have made it meanwhile
            try:
                self._second = self._make_second()
            except OSError as error:
                return NoAnswer(Fault.TLS, f"tls cannot be used: {error.strerror or type(error).__name__}")
            _log.info(
                "endpoint.self_signed", endpoint=self._endpoint, consequence="requests use OpenSSL, which is slower"
            )
        return await self._second.send(request, attempt_headers)  # nothing was sent: the handshake had failed

    async def close(self) -> None:
        """Close both."""
        await self._first.close()
        if self._second is not None:
            await self._second.close()


class ForbiddenClient:
    """Sends nothing: the endpoint's address, which is no name, may not be connected to."""

    def __init__(self, refusal: str) -> None:
        """`refusal` says why."""
        self._answer: Final = NoAnswer(Fault.FORBIDDEN, refusal)

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:  # noqa: ARG002
        """The refusal."""
        return self._answer

    async def close(self) -> None:
        """There is nothing to close."""


_SYSTEM: Final = SystemResolver()


def client_of(endpoint: EndpointSettings, clock: Clock, resolver: Resolver = _SYSTEM) -> Client:
    """The client of an endpoint; opens no connection yet.

    Raises:
        ClientSettingsError: its address, headers, certificates or proxy cannot be used.
    """
    first = judging_client(endpoint, clock, resolver)
    client = FallbackClient(first, lambda: _openssl(endpoint), endpoint=endpoint.name) if endpoint.tls.ca else first
    return LimitedClient(client, endpoint.timeout_s)


def judging_client(endpoint: EndpointSettings, clock: Clock, resolver: Resolver = _SYSTEM) -> Client:
    """The fast client, for what may be connected to alone. Raises what `client_of` raises."""
    # Not verifying, it costs a hundredth: made to see that the settings can be used, as the others come later.
    WebhookClient(replace(endpoint, tls=replace(endpoint.tls, verify=False)))
    host = host_of(endpoint.proxy.reveal() if endpoint.proxy else endpoint.url)
    if not is_address(host):
        return PinnedClient(endpoint, host, resolver, clock)
    refusal = endpoint.networks.refusal(host)
    return ForbiddenClient(refusal) if refusal else WebhookClient(endpoint)


def _openssl(endpoint: EndpointSettings) -> Client:
    from consumer.delivery.webhook.openssl_client import OpenSSLClient  # noqa: PLC0415 - 20 MiB that hardly anybody needs

    return OpenSSLClient(endpoint)
