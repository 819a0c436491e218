"""Asking a process of ours over HTTP: one GET, or one POST of JSON; JSON back. Knows nothing of what is asked."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from runtime.config.addresses import Address, is_any
from runtime.config.secrets import Secret
from runtime.errors import BridgeError
from runtime.side_threads import SideThreads
from runtime.units import rounded_size

LIMIT_S: Final = 2.0
"""How long connecting, and each wait for bytes, may take."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_HTTP_OK: Final = 200


class NoAnswerError(BridgeError):
    """Nobody answered, or nothing that could be read."""


class JsonAnswer(NamedTuple):
    """What came back, whatever its status."""

    status: int
    content: Any


def ask(address: Address, path: str, *, limit_s: float = LIMIT_S) -> Any:
    """The JSON that `GET path` answers.

    Args:
        address: where the process listens, as its configuration says it.
        path: beginning with a slash.
        limit_s: see `LIMIT_S`; the whole takes three times as long at most.

    Raises:
        NoAnswerError: the text says who did not answer, and how.
    """
    answer = _within(limit_s, address, _JsonRequest("GET", path))
    if answer.status != _HTTP_OK:
        raise NoAnswerError(f"{address}{path} answered {answer.status}")
    return answer.content


def post(address: Address, path: str, content: Any, *, authorization: Secret | None, limit_s: float) -> JsonAnswer:
    """The JSON that `POST path` answers to this JSON, whatever its status; raises as `ask` does."""
    headers = {"content-type": "application/json"}
    if authorization is not None:
        headers["authorization"] = authorization.reveal()
    return _within(limit_s, address, _JsonRequest("POST", path, json.dumps(content).encode(), headers))


@dataclass(frozen=True, slots=True)
class _JsonRequest:
    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def _within(limit_s: float, address: Address, question: _JsonRequest) -> JsonAnswer:
    if address.port == 0:
        raise NoAnswerError(f"{address} has no fixed port, so it cannot be asked")
    asking = SideThreads(1, "get-json").submit(_exchange, limit_s, address, question)
    try:
        return asking.result(3 * limit_s)
    except TimeoutError:
        raise NoAnswerError(f"{address}{question.path} did not answer within {3 * limit_s:g} s") from None


def _exchange(limit_s: float, address: Address, question: _JsonRequest) -> JsonAnswer:
    where = f"{address}{question.path}"
    connection = http.client.HTTPConnection(_reached(address), address.port, timeout=limit_s)
    try:
        headers = {"accept": "application/json", **question.headers}
        connection.request(question.method, question.path, question.body, headers)
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"{where} does not answer: {_reason(error)}") from error
    finally:
        connection.close()
    if len(body) > _MOST_BYTES:
        raise NoAnswerError(f"{where} answered {answer.status} with {rounded_size(len(body))}")
    try:
        return JsonAnswer(answer.status, json.loads(body))
    except ValueError as error:
        if answer.status != _HTTP_OK:
            raise NoAnswerError(f"{where} answered {answer.status}") from error
        raise NoAnswerError(f"{where} did not answer with JSON") from error


def _reached(address: Address) -> str:
    """The host to connect to: a process that listens everywhere is asked on this machine."""
    if not is_any(address.host):
        return address.host
    return "::1" if ":" in address.host else "127.0.0.1"


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else ""
    return text or str(error) or type(error).__name__
