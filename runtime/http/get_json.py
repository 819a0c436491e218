"""Asking a process of ours over HTTP: one GET, or one POST of JSON; JSON back. Knows nothing of what is asked."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from runtime.config.addresses import Address, is_any, is_loopback
from runtime.config.listener_tls import ListenerFileError, ListenerTLS, asking_context
from runtime.config.secrets import Secret
from runtime.errors import BridgeError
from runtime.http.certificate_faults import certificate_fault
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


def ask(address: Address, path: str, *, tls: ListenerTLS | None = None, limit_s: float = LIMIT_S) -> Any:
    """The JSON that `GET path` answers.

    Args:
        address: where the process listens, as its configuration says it.
        path: beginning with a slash.
        tls: of its listener; None: it speaks plain HTTP.
        limit_s: see `LIMIT_S`; the whole takes three times as long at most.

    Raises:
        NoAnswerError: the text says who did not answer, and how.
    """
    answer = _within(limit_s, address, _JsonRequest("GET", path), tls)
    if answer.status != _HTTP_OK:
        raise NoAnswerError(f"{address}{path} answered {answer.status}")
    return answer.content


def post(
    address: Address,
    path: str,
    content: Any,
    *,
    authorization: Secret | None,
    limit_s: float,
    tls: ListenerTLS | None = None,
) -> JsonAnswer:
    """The JSON that `POST path` answers to this JSON, whatever its status; raises as `ask` does."""
    headers = {"content-type": "application/json"}
    if authorization is not None:
        headers["authorization"] = authorization.reveal()
    return _within(limit_s, address, _JsonRequest("POST", path, json.dumps(content).encode(), headers), tls)


@dataclass(frozen=True, slots=True)
class _JsonRequest:
    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def at(self, address: Address) -> str:
        """Whom it asks for what, as errors name it: a long query would hide that."""
        return f"{address}{self.path.partition('?')[0]}"


def _within(limit_s: float, address: Address, question: _JsonRequest, tls: ListenerTLS | None) -> JsonAnswer:
    if address.port == 0:
        raise NoAnswerError(f"{address} has no fixed port, so it cannot be asked")
    asking = SideThreads(1, "get-json").submit(_exchange, limit_s, address, question, tls)
    try:
        return asking.result(3 * limit_s)
    except TimeoutError:
        raise NoAnswerError(f"{question.at(address)} did not answer within {3 * limit_s:g} s") from None


def _exchange(limit_s: float, address: Address, question: _JsonRequest, tls: ListenerTLS | None) -> JsonAnswer:
    where = question.at(address)
    try:
        connection = _connection(address, tls, limit_s)
    except ListenerFileError as error:
        raise NoAnswerError(f"{where} cannot be asked: tls.{error.key} {error.fault}") from error
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


def _connection(address: Address, tls: ListenerTLS | None, limit_s: float) -> http.client.HTTPConnection:
    host = _reached(address)
    if tls is None:
        return http.client.HTTPConnection(host, address.port, timeout=limit_s)
    context = asking_context(tls, is_local=is_loopback(host))
    return http.client.HTTPSConnection(host, address.port, timeout=limit_s, context=context)


def _reached(address: Address) -> str:
    """The host to connect to: a process that listens everywhere is asked on this machine."""
    if not is_any(address.host):
        return address.host
    return "::1" if ":" in address.host else "127.0.0.1"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return certificate_fault(str(error)) or f"TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
    text = error.strerror if isinstance(error, OSError) else ""
    return text or str(error) or type(error).__name__
