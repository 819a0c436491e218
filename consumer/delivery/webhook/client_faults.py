"""Why no answer came, told from the texts of the HTTP client's causes. Pure; knows no client.

The client's exceptions do not tell these apart (a reset is its `ConnectError`), its causes do: reqwest, hyper and
rustls word them. They come outermost first; the first one, reqwest's own, names the URL and is never shown.
"""

import re
from collections.abc import Sequence
from typing import Final

from consumer.delivery.policy.outcome import Fault, NoAnswer
from runtime.http.certificate_faults import CA_AS_SERVER, certificate_fault

_URL: Final = re.compile(r":?\s*\(?https?://\S+", re.IGNORECASE)
_CONNECTING: Final = "client error (connect)"
_TUNNEL: Final = "tunnel error"
_TLS: Final = ("certificate", "handshake", "fatal alert", "corrupt message")
_GONE: Final = (
    "connection closed",
    "connection error",
    "connection reset",
    "broken pipe",
    "end of file",
    "close_notify",
)


def no_answer(causes: Sequence[str], *, proxied: bool) -> NoAnswer:
    """What kept an answer from coming, but for a deadline.

    Args:
        causes: what the client says, outermost first.
        proxied: connections go to a proxy, so that the first step is its fault and not the endpoint's.
    """
    inner = [_URL.sub("", cause) for cause in causes[1:]]
    told = inner[-1] if inner else "the HTTP client names no cause"
    return NoAnswer(_fault("; ".join(inner).lower(), proxied=proxied), certificate_fault(told) or told)


def is_while_connecting(causes: Sequence[str]) -> bool:
    """Whether an error came before there was a connection, so that nothing can have been sent."""
    return any(_CONNECTING in cause.lower() for cause in causes)


def _fault(text: str, *, proxied: bool) -> Fault:
    if CA_AS_SERVER.lower() in text:
        return Fault.AUTHORITY_AS_SERVER
    if _CONNECTING in text:
        return _fault_of_connecting(text, proxied=proxied)
    if any(word in text for word in _TLS):
        return Fault.TLS
    return Fault.RESET if any(word in text for word in _GONE) else Fault.PROTOCOL


def _fault_of_connecting(text: str, *, proxied: bool) -> Fault:
    """The fault before a request could be sent: name, TCP, the proxy's tunnel, TLS."""
    if _TUNNEL in text:
        return Fault.PROXY
    if "dns error" in text:
        return Fault.PROXY if proxied else Fault.DNS
    if "tcp " in text:
        return Fault.PROXY if proxied else Fault.CONNECT
    return Fault.RESET if "os error" in text else Fault.TLS
