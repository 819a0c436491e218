"""The webhook client that connects only where `worker.allow_networks` and `worker.deny_networks` let it.

The HTTP client looks up a name by itself and shows the address afterwards, too late. So the name is looked up here, its
addresses are judged, and the HTTP client is pinned to one of them: what was judged is what is connected to, however the
name changes in between (DNS rebinding), and certificates are still held against the name. The name is looked up again
every 30 s. What is pinned is what is connected to: the endpoint's host, or that of its proxy.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from consumer.delivery.policy.outcome import Fault, NoAnswer, Result
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.rustls_client import Pin, WebhookClient
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.host_addresses import NoAddressError, Resolver, permitted
from runtime.http.client import ClientSettingsError

LOOK_UP_EVERY_S: Final = 30.0
"""As long as the resolver of a Java program keeps an answer: a name that moves is followed within this time."""
STALE_AFTER_S: Final = 300.0
"""While the name cannot be looked up, its last addresses serve on; longer than a name server's restart takes."""
_HURRY_S: Final = 1.0
"""Between two questions while the answer is none, or leads nowhere."""
_SEVERAL: Final = 2
AVOID_S: Final = 300.0
"""How long an address that could not be connected to is the last one that is tried."""


class _PinnedAddress:
    """One address, with the connections to it."""

    def __init__(self, address: str, client: WebhookClient) -> None:
        self.address: Final = address
        self._client: Final = client
        self._in_flight = 0
        self._is_leaving = False

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None) -> Result:
        self._in_flight += 1
        try:
            return await self._client.send(request, attempt_headers)
        finally:
            self._in_flight -= 1
            await self._close_if_unused()

    async def leave(self) -> None:
        """Close when the requests that are under way have ended."""
        self._is_leaving = True
        await self._close_if_unused()

    async def close(self) -> None:
        await self._client.close()

    async def _close_if_unused(self) -> None:
        if self._is_leaving and not self._in_flight:
            await self._client.close()


class PinnedClient:
    """Sends to one endpoint over connections to addresses that were judged before."""

    def __init__(self, endpoint: EndpointSettings, host: str, resolver: Resolver, clock: Clock) -> None:
        """Looks nothing up and opens no connection yet.

        Args:
            endpoint: where to send, and how.
            host: what is connected to, as `host_of` writes it.
            resolver: knows its addresses.
            clock: tells when to ask again.
        """
        self._endpoint: Final = endpoint
        self._host: Final = host
        self._resolver: Final = resolver
        self._clock: Final = clock
        self._addresses: list[str] = []
        """Those that may be connected to, the one to be tried first in front."""
        self._routes: dict[str, _PinnedAddress] = {}
        """To those of them that were used."""
        self._unusable = NoAnswer(Fault.DNS, "the name was not looked up")
        """What is answered while there is no address."""
        self._avoided_until: dict[str, float] = {}
        self._looked_up_at = self._ask_again_at = float("-inf")
        self._looking_up: asyncio.Task[None] | None = None

    async def send(self, request: WebhookRequest, attempt_headers: Mapping[str, str] | None = None) -> Result:
        """POST once; what came of it. Raises what the HTTP client raises."""
        limit_s, began, tried = self._endpoint.timeout_s, self._clock.monotonic(), ""
        result: Result | None = None
        if began < self._ask_again_at and (route := self._first_route()) is not None:
            result, tried = await route.send(request, attempt_headers), route.address
            if not self._is_unreached(tried, result) or len(self._addresses) < _SEVERAL:
                return result
        try:
            async with asyncio.timeout(limit_s - (self._clock.monotonic() - began)):
                await self._look_up_if_due()
                others = [address for address in self._addresses if address != tried]
                return await self._send_anywhere(others, request, attempt_headers) or result or self._unusable
        except TimeoutError:
            return NoAnswer(Fault.TIMEOUT, f"no answer within {limit_s:g} s")

    async def close(self) -> None:
        """Close all connections."""
        if self._looking_up is not None:
            self._looking_up.cancel()
        for route in self._routes.values():
            await route.close()

    def _first_route(self) -> _PinnedAddress | None:
        return self._routes.get(self._addresses[0]) if self._addresses else None

    async def _send_anywhere(
        self, addresses: Sequence[str], request: WebhookRequest, attempt_headers: Mapping[str, str] | None
    ) -> Result | None:
        """Try one address after another until one is connected to: nothing was sent to those before it."""
        result: Result | None = None
        for address in addresses:
            try:
                route = self._route(address)
            except ClientSettingsError as error:  # a file that was there at the start
                return NoAnswer(Fault.TLS, str(error))
            result = await route.send(request, attempt_headers)
            if not self._is_unreached(address, result):
                break
        return result

    def _route(self, address: str) -> _PinnedAddress:
        if address not in self._routes:
            several = len(self._addresses) >= _SEVERAL
            pin = Pin(self._host, address, self._endpoint.timeout_s / 2 if several else None)
            self._routes[address] = _PinnedAddress(address, WebhookClient(self._endpoint, pin))
        return self._routes[address]

    def _is_unreached(self, address: str, result: Result) -> bool:
        """Whether there was no connection to this address, so that the next one may be tried; it is avoided then."""
        unreached = Fault.PROXY if self._endpoint.proxy else Fault.CONNECT
        if not (isinstance(result, NoAnswer) and result.fault is unreached):
            return False
        now = self._clock.monotonic()
        self._avoided_until[address] = now + AVOID_S
        self._ask_again_at = min(self._ask_again_at, self._looked_up_at + _HURRY_S)
        self._addresses.sort(key=self._is_avoided)
        return True

    def _is_avoided(self, address: str) -> bool:
        return self._avoided_until.get(address, 0.0) > self._clock.monotonic()

    async def _look_up_if_due(self) -> None:
        """Begin to ask if it is time; wait for the answer only if nothing is known."""
        if self._clock.monotonic() >= self._ask_again_at and self._looking_up is None:
            self._looking_up = asyncio.create_task(self._look_up())
        if self._looking_up is not None and not self._addresses:
            await asyncio.wait((self._looking_up,))

    async def _look_up(self) -> None:
        now = self._clock.monotonic()
        try:
            found = permitted(await self._resolver.addresses(self._host), self._endpoint.networks)
        except NoAddressError as error:
            self._unusable = NoAnswer(Fault.PROXY if self._endpoint.proxy else Fault.DNS, str(error))
            self._ask_again_at = now + _HURRY_S
            if now - self._looked_up_at >= STALE_AFTER_S:
                await self._take([])
        else:
            self._unusable = NoAnswer(Fault.FORBIDDEN, found.refusal)
            self._looked_up_at, self._ask_again_at = now, now + (LOOK_UP_EVERY_S if found.addresses else _HURRY_S)
            await self._take(found.addresses)
        finally:
            self._looking_up = None

    async def _take(self, addresses: Sequence[str]) -> None:
        self._avoided_until = {one: until for one, until in self._avoided_until.items() if one in addresses}
        self._addresses = sorted(addresses, key=self._is_avoided)
        for gone in self._routes.keys() - set(addresses):
            await self._routes.pop(gone).leave()
