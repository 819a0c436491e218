"""What `check` finds of endpoints: whether their settings make a client, and whether their addresses can be reached.

Of a sink in Python, it imports the factory and compares its arguments with the options. It calls nothing.

An endpoint with a proxy is asked through it, as `deliver` does; of one with https, the certificate is verified. No
event is sent.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import SplitResult, urlsplit

from producer.check.findings import Finding, Severity
from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.networks import Networks
from runtime.host_addresses import NoAddressError, addresses_of, permitted
from runtime.http.blocking import BlockingHTTP, NoExchangeError
from runtime.http.client import ClientSettingsError
from runtime.http.tls_handshake import handshake_fault
from runtime.sink_factory import SinkSettingsError, factory_of

_CONNECT_LIMIT_S: Final = 3.0
_ANSWER_LIMIT_S: Final = 30.0
_ANSWER_LIMIT_BYTES: Final = 1024 * 1024
_AT_ONCE: Final = 16
_PORTS: Final = {"http": 80, "https": 443}
_OF_A_PROXY: Final = frozenset({407, 502, 503, 504})
"""Answers with which a proxy says that it did not get through (RFC 9110 section 15.6; 407: that it wants a user)."""

Connect = Callable[[str, int, Networks], str]


def connect(host: str, port: int, networks: Networks) -> str:
    """Open a TCP connection to an address that may be connected to, and close it; the address.

    Raises:
        OSError: there is no such address, or none of them can be reached.
    """
    fault: OSError | None = None
    for address in _allowed(host, networks):
        try:
            socket.create_connection((address, port), timeout=_CONNECT_LIMIT_S).close()
        except OSError as error:
            fault = fault or error
        else:
            return address
    raise fault or OSError("it has no address")


def _allowed(host: str, networks: Networks) -> Sequence[str]:
    try:
        found = permitted(addresses_of(host), networks)
    except NoAddressError as error:
        raise OSError(str(error)) from None
    if found.refusal and not found.addresses:
        raise OSError(found.refusal)
    return found.addresses


def client_settings(endpoints: Sequence[EndpointSettings]) -> Iterator[Finding]:
    """What keeps a client from being made of an endpoint's settings; asks nobody."""
    for endpoint in endpoints:
        try:
            if endpoint.sink is not None:
                factory_of(endpoint)
            elif endpoint.url:
                _client(endpoint)
        except (ClientSettingsError, SinkSettingsError) as error:
            yield Finding(Severity.WRONG, str(error), error.exit_code)


def judged_at_the_proxy(endpoints: Sequence[EndpointSettings]) -> Iterator[Finding]:
    """Endpoints of which the networks judge less than one may think."""
    for endpoint in endpoints:
        if endpoint.proxy is not None and (endpoint.networks.allow or endpoint.networks.deny):
            what = "worker.allow_networks and worker.deny_networks judge the address of its proxy, and not its own"
            yield Finding(
                Severity.NOTE, f"endpoint {endpoint.name}: {what}; what lies behind the proxy is its to refuse"
            )


def addresses(endpoints: Sequence[EndpointSettings], reach: Connect = connect) -> Iterator[Finding]:
    """Whether each endpoint's address can be reached; several at once, in the file's order."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(lambda endpoint: _address(endpoint, reach), (e for e in endpoints if e.url))


def _address(endpoint: EndpointSettings, reach: Connect) -> Finding:
    wrong = Severity.WARNING if endpoint.disabled else Severity.WRONG
    where = _host_and_port(urlsplit(endpoint.url))
    if endpoint.proxy is None:
        fault, through = _fault_of_connecting(endpoint, where, reach), ""
    else:
        proxy = _host_and_port(urlsplit(endpoint.proxy.reveal()))
        through = f" through the proxy {_shown(proxy)}"
        fault = _fault_of_asking(endpoint, proxy[0])
    if fault:
        return Finding(wrong, f"endpoint {endpoint.name}: cannot reach {_shown(where)}{through}: {fault}")
    return Finding(Severity.OK, f"endpoint {endpoint.name}: {_shown(where)} can be reached{through}")


def _fault_of_connecting(endpoint: EndpointSettings, where: tuple[str, int], reach: Connect) -> str:
    try:
        address = reach(*where, endpoint.networks)
    except OSError as error:
        return error.strerror or str(error)
    if urlsplit(endpoint.url).scheme.lower() != "https":
        return ""
    host, port = where
    return handshake_fault(address, port, endpoint.tls, name=host, limit_s=_CONNECT_LIMIT_S)


def _fault_of_asking(endpoint: EndpointSettings, proxy: str) -> str:
    """Ask for the head of what is at the URL: any answer but a proxy's own shows that requests get through."""
    try:
        _allowed(proxy, endpoint.networks)
        status = _client(endpoint).exchange("HEAD", endpoint.url, {}).status
    except (OSError, NoExchangeError, ClientSettingsError) as error:
        return str(error)
    if status == 407:
        return "it requires a user (407): write http://USER:PASSWORD@HOST:PORT"
    return f"the answer is {status}" if status in _OF_A_PROXY else ""


def _client(endpoint: EndpointSettings) -> BlockingHTTP:
    client = BlockingHTTP(
        endpoint.tls,
        of=f"endpoint {endpoint.name}",
        program="registry-bridge",
        limit_s=max(_CONNECT_LIMIT_S, min(endpoint.timeout_s, _ANSWER_LIMIT_S)),
        limit_bytes=_ANSWER_LIMIT_BYTES,
        proxy=endpoint.proxy,
    )
    client.build(endpoint.url, {name: secret.reveal() for name, secret in endpoint.headers})
    return client


def _host_and_port(url: SplitResult) -> tuple[str, int]:
    return url.hostname or "", url.port or _PORTS[url.scheme.lower()]


def _shown(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
