"""Asking a process of ours over HTTP: one GET, JSON back. Knows nothing of what is asked."""

import http.client
import json
from typing import Any, Final

from runtime.config.addresses import Address, is_any
from runtime.errors import BridgeError
from runtime.side_threads import SideThreads
from runtime.units import rounded_size

LIMIT_S: Final = 2.0
"""How long connecting, and each wait for bytes, may take."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_HTTP_OK: Final = 200


class NoAnswerError(BridgeError):
    """Nobody answered, or nothing that could be read."""


def ask(address: Address, path: str, *, limit_s: float = LIMIT_S) -> Any:
    """The JSON that `GET path` answers.

    Args:
        address: where the process listens, as its configuration says it.
        path: beginning with a slash.
        limit_s: see `LIMIT_S`; the whole takes three times as long at most.

    Raises:
        NoAnswerError: the text says who did not answer, and how.
    """
    if address.port == 0:
        raise NoAnswerError(f"{address} has no fixed port, so it cannot be asked")
    asking = SideThreads(1, "get-json").submit(_ask, address, path, limit_s)
    try:
        return asking.result(3 * limit_s)
    except TimeoutError:
        raise NoAnswerError(f"{address}{path} did not answer within {3 * limit_s:g} s") from None


def _ask(address: Address, path: str, limit_s: float) -> Any:
    where = f"{address}{path}"
    connection = http.client.HTTPConnection(_reached(address), address.port, timeout=limit_s)
    try:
        connection.request("GET", path, headers={"accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"{where} does not answer: {_reason(error)}") from error
    finally:
        connection.close()
    if answer.status != _HTTP_OK or len(body) > _MOST_BYTES:
        raise NoAnswerError(f"{where} answered {answer.status} with {rounded_size(len(body))}")
    try:
        return json.loads(body)
    except ValueError as error:
        raise NoAnswerError(f"{where} did not answer with JSON") from error


def _reached(address: Address) -> str:
    """The host to connect to: a process that listens everywhere is asked on this machine."""
    if not is_any(address.host):
        return address.host
    return "::1" if ":" in address.host else "127.0.0.1"


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else ""
    return text or str(error) or type(error).__name__
