"""A list of Kafka brokers, and why a text is none; resolves no name and knows no key.

librdkafka takes nearly any text: it reads a port above 65535 as another port and a word as port 0, and leaves out what
it cannot read, without a word to anybody but its log.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from runtime.config.faults import quoted
from runtime.config.secrets import MASK

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
"""What may stand before a broker, and be `security.protocol`."""
_ADVICE: Final = "write e.g. 127.0.0.1:9092,127.0.0.1:9093"
_NO_LIST: Final = f"is not a list of brokers; {_ADVICE}"
_V6: Final = r"\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]"
_V4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_NAME: Final = r"(?![0-9.]+(?:[:,\s]|$))[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9._])?"
"""Not of digits alone, which would rather be a number in the wrong place."""
_BROKER: Final = rf"(?:[A-Za-z_]+://)?(?:{_V6}|{_V4}|{_NAME})(?::[0-9]{{1,5}})?"
BROKER_LIST: Final = rf"\s*{_BROKER}(?:\s*,\s*{_BROKER})*\s*"
"""The form of a list, whatever its protocols and numbers are."""
_PARTS: Final = re.compile(
    r"(?:(?P<protocol>[^/]*)://)?(?P<host>\[(?P<v6>[^%\]]*)[^\]]*\]|[^:\[]*)(?::(?P<port>.*))?", re.DOTALL
)
_BARE_V6: Final = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?")
_LAST_PORT: Final = 65_535


def shown_brokers(text: str) -> str:
    """The text for a fault; nothing of one with an @, before which a password may stand."""
    return MASK if "@" in text else quoted(text)


def brokers_in(text: str) -> list[str]:
    """The brokers of a list, without the space around them."""
    return [broker.strip() for broker in text.split(",")]


def broker_list_fault(text: str, security_protocol: str | None) -> str:
    """Why a text is no list of brokers, as the end of a sentence that does not repeat it; empty if it is one.

    Args:
        text: whatever it is.
        security_protocol: what all connections are made with; None if that is not known here.
    """
    if "@" in text:
        return f"has an @, but user and password are sasl.username and sasl.password; {_ADVICE}"
    return next((fault for broker in brokers_in(text) for fault in _faults(broker, security_protocol)), "")


def _faults(broker: str, security_protocol: str | None) -> Iterator[str]:
    parts = _PARTS.fullmatch(broker)
    if parts is None:
        yield _NO_LIST
        return
    protocol, port = parts["protocol"], parts["port"]
    if protocol is not None and protocol.upper() not in PROTOCOLS:
        yield f"has a protocol other than {', '.join(PROTOCOLS)}; {_ADVICE}"
    if protocol is not None and protocol.upper() != (security_protocol or protocol).upper():
        yield "names another protocol than security.protocol, which all connections have"
    if port is not None and ":" in port and _BARE_V6.fullmatch(broker):
        yield "has an IPv6 address without brackets; write e.g. [::1]:9092"
    elif port is not None and not (re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= _LAST_PORT):
        yield f"has a port that is not a number from 1 to {_LAST_PORT}; {_ADVICE}"
    if not re.fullmatch(_BROKER, broker) or not _is_address(parts["v6"] or parts["host"]):
        yield _NO_LIST


def _is_address(host: str) -> bool:
    """Whether what looks like an address is one; any name is."""
    if not re.fullmatch(rf"{_V4}|[^.]*:.*", host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
