"""Serves the memory of a schema registry over HTTP on the loopback, and fails on demand. Knows no Avro."""

import base64
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.kit.eventually import LIMIT_S
from tests.kit.exchange import Answer, Captured
from tests.kit.receiver import Receiver
from tests.kit.running import Running
from tests.kit.schema_registry import errors
from tests.kit.schema_registry.errors import MEDIA_TYPE, RestError
from tests.kit.schema_registry.subjects import Subjects

TYPES = (MEDIA_TYPE, "application/vnd.schemaregistry+json", "application/json")
READ = {*TYPES, "application/octet-stream"}  # the last is what a body without a type is taken for
WRITTEN = {*TYPES, "application/*", "*/*"}


def basic(user: str, password: str) -> str:
    """The Authorization of HTTP Basic (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def everything(_: Captured) -> bool:
    """Any request."""
    return True


@dataclass(slots=True)
class Fault:
    """What is answered instead, to which requests, and how many more times; None is for ever."""

    answer: Answer
    hits: Callable[[Captured], bool]
    left: int | None


class SchemaRegistry(Running):
    """A schema registry in a thread of this process.

    It keeps its port and its schemas over `stop` and `start`. Every method may be called from any thread.

    Args:
        tls: makes it speak HTTPS.
        authorization: the Authorization that every request must have; see `basic`.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, authorization: str | None = None) -> None:
        self._receiver = Receiver(self._answer, tls=tls)
        self._authorization = authorization
        self._lock = threading.Lock()
        self._subjects = Subjects()
        self._faults: list[Fault] = []
        self._delay = 0.0

    @property
    def url(self) -> str:
        """Its base, without user info or a slash at the end."""
        return self._receiver.url

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._receiver.port

    @property
    def requests(self) -> list[Captured]:
        """Every request so far, refused ones too."""
        return self._receiver.requests

    def wait_for(self, count: int, timeout: float = LIMIT_S) -> list[Captured]:
        """The requests, as soon as `count` of them are answered; AssertionError after `timeout` seconds."""
        return self._receiver.wait_for(count, timeout)

    def begin(self) -> None:
        """Listens; returns when connections are accepted."""
        self._receiver.start()

    def stop(self) -> None:
        """Resets every connection; returns when connections are refused. Quiet if it is down."""
        self._receiver.stop()

    def register(self, subject: str, schema: str) -> int:
        """Registers a schema without HTTP and returns its id; RestError if the registry refuses it."""
        with self._lock:
            return self._subjects.register(subject, schema)

    def forget(self) -> None:
        """Loses all schemas and levels: the next id is 1 again."""
        with self._lock:
            self._subjects = Subjects()

    # Faults.

    def fail(
        self, fault: RestError | Answer, *, times: int | None = None, hits: Callable[[Captured], bool] = everything
    ) -> None:
        """Answers like this instead, until `heal`; of several faults that hit, the first one set is answered.

        Args:
            fault: an error of the registry, or any answer: another body, a reset, bytes that are no HTTP.
            times: how many requests; all by default.
            hits: which requests.
        """
        with self._lock:
            self._faults.append(Fault(fault.answer if isinstance(fault, RestError) else fault, hits, times))

    def slow_down(self, seconds: float) -> None:
        """Takes so many seconds for every answer from now on, until `heal`."""
        self._delay = seconds

    def heal(self) -> None:
        """Ends all faults and slowness."""
        with self._lock:
            self._faults.clear()
        self._delay = 0.0

    # What the receiver calls, in its thread.

    def _answer(self, request: Captured) -> Answer:
        with self._lock:
            fault = next((one for one in self._faults if one.left != 0 and one.hits(request)), None)
            if fault is not None and fault.left is not None:
                fault.left -= 1
            answer = self._honest(request) if fault is None else fault.answer
        return replace(answer, delay=answer.delay + self._delay)

    def _honest(self, request: Captured) -> Answer:
        try:
            if self._authorization not in {None, request.header("Authorization")}:
                raise errors.unauthorized()
            _check_types(request)
            body = json.dumps(self._route(request), ensure_ascii=False).encode()
        except RestError as error:
            return error.answer
        return Answer(headers=(("Content-Type", MEDIA_TYPE),), body=body)

    def _route(self, request: Captured) -> Any:
        parts = urlsplit(request.path)
        match request.method, *(unquote(part) for part in parts.path.strip("/").split("/")):
            case "GET", "schemas", "ids", schema_id if schema_id.isascii() and schema_id.isdigit():
                return {"schema": self._subjects.text(int(schema_id))}
            case method, "subjects", *rest:
                return self._subject_route(method, rest, request)
            case method, "config", *rest if len(rest) < 2:
                return self._config_route(method, rest[0] if rest else None, request)
            case _:
                raise errors.plain(404, "Not Found")

    def _subject_route(self, method: str, rest: list[str], request: Captured) -> Any:
        match method, *rest:
            case ("GET",):
                return self._subjects.names()
            case "POST", subject:
                return self._subjects.look_up(subject, _schema(request)).rendered()
            case "GET", subject, "versions":
                return [version.version for version in self._subjects.versions(subject)]
            case "POST", subject, "versions":
                return {"id": self._subjects.register(subject, _schema(request))}
            case "GET", subject, "versions", version:
                return self._subjects.version(subject, version).rendered()
            case _:
                raise errors.plain(404, "Not Found")

    def _config_route(self, method: str, subject: str | None, request: Captured) -> Any:
        if method == "GET":
            default = parse_qs(urlsplit(request.path).query).get("defaultToGlobal") == ["true"]
            return {"compatibilityLevel": self._subjects.level(subject, default_to_global=default)}
        if method != "PUT":
            raise errors.plain(405, "Method Not Allowed")
        level = _body(request).get("compatibility")
        self._subjects.set_level(subject, str(level))
        return {"compatibility": level}


def _check_types(request: Captured) -> None:
    sent, wanted = request.header("Content-Type"), request.header("Accept")
    if request.body and sent is not None and _bare(sent) not in READ:
        raise errors.plain(415, "Unsupported Media Type")
    if wanted is not None and not WRITTEN & {_bare(one) for one in wanted.split(",")}:
        raise errors.plain(406, "Not Acceptable")


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _body(request: Captured) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise RestError(400, 400, f"Malformed JSON: {error}") from error
    if not isinstance(body, dict):
        raise RestError(400, 400, "Malformed JSON: an object is needed")
    return body


def _schema(request: Captured) -> str:
    body = _body(request)
    text, kind = body.get("schema"), body.get("schemaType", "AVRO")
    if kind != "AVRO":
        raise RestError(422, 42201, f"Invalid schema type {kind}")
    if not isinstance(text, str) or not text:
        raise RestError(422, 42201, "Empty schema")
    return text
