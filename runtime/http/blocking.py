"""One HTTP exchange, blocking: what our own requests to services like a schema registry are made of.

Never more of an answer than it may have, never longer than it may take. Safe to use from several threads.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError
from pyreqwest.proxy import ProxyBuilder

from runtime.config import Secret, TLSSettings
from runtime.errors import BridgeError
from runtime.http.certificate_faults import CA_AS_SERVER, certificate_fault
from runtime.http.client import causes, made, plain, user_agent, with_tls
from runtime.units import format_size


class NoExchangeError(BridgeError):
    """There was no answer, or one that is too long: the text says why, after a name for whoever was asked."""


class HTTPAnswer(NamedTuple):
    """What came back."""

    status: int
    content: bytes


class BlockingHTTP:
    """Asks one service."""

    def __init__(
        self,
        tls: TLSSettings,
        *,
        of: str,
        program: str,
        limit_s: float,
        limit_bytes: int,
        proxy: Secret | None = None,
    ) -> None:
        """Opens no connection yet.

        Args:
            tls: whom to trust, and who we are.
            of: whose settings these are, for the fault: `schema_registry`.
            program: what we call ourselves.
            limit_s: seconds that an answer may take, its last byte included.
            limit_bytes: of an answer's body.
            proxy: URL of a proxy to go through; those of the environment are never used.

        Raises:
            ClientSettingsError: naming the key that is at fault.
        """
        plainly = plain(SyncClientBuilder(), program=program, timeout_s=limit_s)
        builder = (
            made(of, "proxy", lambda: plainly.proxy(ProxyBuilder.all(proxy.reveal()))) if proxy else plainly.no_proxy()
        )
        self._proxy = proxy.reveal() if proxy else None
        self._client = made(of, "tls", with_tls(builder, tls, of=of).build)
        self._of = of
        self._tls = tls
        self._program: Final = program
        self._limit_s = limit_s
        self._limit_bytes = limit_bytes
        self._is_self_signed = False

    def build(self, url: str, headers: Mapping[str, str]) -> None:
        """Build a request and let it go: what would be refused at every request is refused now.

        Raises:
            ClientSettingsError: the URL or a header cannot be used.
        """
        made(self._of, "url", lambda: self._client.get(url).headers(dict(headers)).build())

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> HTTPAnswer:
        """Ask once.

        Raises:
            NoExchangeError: see there.
        """
        if not self._is_self_signed:
            try:
                return self._first(method, url, headers, body)
            except PyreqwestError as error:
                reason = (causes(error)[-1:] or [type(error).__name__])[0]
                if not (self._tls.ca and CA_AS_SERVER in reason):
                    raise NoExchangeError(f"cannot be reached: {certificate_fault(reason) or reason}") from None
                self._is_self_signed = True  # from now on by the second client: see `runtime.http.openssl`
        return self._second(method, url, headers, body)

    def _first(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HTTPAnswer:
        request = self._client.request(method, url).headers(dict(headers))
        if body is not None:
            request = request.body_bytes(body)
        try:
            with request.build_streamed() as response:
                found = bytearray()
                while (piece := response.body_reader.read_chunk()) is not None:
                    found += piece
                    self._hold_to_limit(found)
                return HTTPAnswer(response.status, bytes(found))
        except RequestTimeoutError:
            raise self._late() from None

    def _second(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HTTPAnswer:
        """On a thread of its own, since the caller's may run an event loop."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._over_openssl(method, url, headers, body)).result()

    async def _over_openssl(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HTTPAnswer:
        from runtime.http import openssl  # noqa: PLC0415 - 20 MiB that hardly anybody needs

        where, authorization = openssl.address_of(url)
        ours = {"user-agent": user_agent(self._program), **({"authorization": authorization} if authorization else {})}
        try:
            async with (
                openssl.openssl_session(self._tls, timeout_s=self._limit_s, connections=1) as session,
                session.request(
                    method,
                    where,
                    headers={**ours, **headers},
                    data=body,
                    proxy=self._proxy,
                    allow_redirects=False,
                ) as answer,
            ):
                found = bytearray()
                async for piece in answer.content.iter_any():
                    found += piece
                    self._hold_to_limit(found)
                return HTTPAnswer(answer.status, bytes(found))
        except TimeoutError:
            raise self._late() from None
        except (openssl.ClientError, OSError) as error:
            raise NoExchangeError(f"cannot be reached: {openssl.reason_of(error)}") from None

    def _hold_to_limit(self, found: bytearray) -> None:
        if len(found) > self._limit_bytes:
            raise NoExchangeError(f"answers with more than {format_size(self._limit_bytes)}: is it the right address?")

    def _late(self) -> NoExchangeError:
        return NoExchangeError(f"does not answer within {self._limit_s:g} s")
