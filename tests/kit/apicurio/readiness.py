"""Says when an Apicurio Registry really answers, and that it is the one that was started."""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from tests.kit.apicurio.errors import ApicurioError

CONFLUENT = "/apis/ccompat/v7"
INFO = "/apis/registry/v3/system/info"
REQUEST_SECONDS = 10.0
PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Where a registry is to answer: HOST:PORT, over TLS if there is a context."""

    address: str
    tls: ssl.SSLContext | None

    def get(self, path: str) -> tuple[int, bytes]:
        """The status and body of an answer; OSError or HTTPException if there is none."""
        connection = self._connection()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection(self.address, timeout=REQUEST_SECONDS)
        return http.client.HTTPSConnection(self.address, timeout=REQUEST_SECONDS, context=self.tls)


def wait_until_ready(place: Place, name: str, *, died: Callable[[], str | None], seconds: float) -> None:
    """Returns when the registry that calls itself `name` answers at `place`, its Confluent API too.

    It refuses connections until it is up; there is no time in which it answers 503.

    Raises:
        ApicurioError: it died, something else answers in its place, or the time is up.
    """
    deadline = time.monotonic() + seconds
    last = ""
    while not last or time.monotonic() < deadline:
        if (why := died()) is not None:
            raise ApicurioError(f"Apicurio Registry did not start: {why}")
        try:
            status, body = place.get(INFO)
            _check_name(place, name, body)
            confluent, _ = place.get(f"{CONFLUENT}/subjects")
        except (OSError, http.client.HTTPException) as error:
            last = str(error) or type(error).__name__
        else:
            if status == HTTPStatus.OK and confluent in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}:
                return
            last = f"it answers {status} and {confluent}"
        time.sleep(PAUSE_SECONDS)
    raise ApicurioError(f"Apicurio Registry at {place.address} is not ready after {seconds:g} s: {last}")


def _check_name(place: Place, name: str, body: bytes) -> None:
    """Raises ApicurioError unless the body is the answer of a registry of this name."""
    try:
        found = json.loads(body)["name"]
    except (ValueError, TypeError, KeyError):
        raise ApicurioError(f"something else than Apicurio Registry answers at {place.address}") from None
    if found != name:
        raise ApicurioError(f"another Apicurio Registry answers at {place.address}: {found!r}, ours is {name!r}")
