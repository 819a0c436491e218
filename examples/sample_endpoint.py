"""A webhook endpoint that prints one line per event: what `make run` delivers to, and a start for one of your own.

Needs nothing but Python: `python examples/sample_endpoint.py --listen 127.0.0.1:5052`. It answers 200 when it has done
its work, which here is printing; whatever else it answered, the event would come again.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGEST_BODY = 64 * 1024 * 1024
REGISTRIES = {"v1+json": "registry 2.8", "v2+json": "registry 3.x"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it came."""

    id: str
    line: str
    """For people: action, repository and tag, which kind of registry sent it, its label."""


def read_arrivals(body: bytes, content_type: str, label: str = "") -> list[Arrival]:
    """The events of a request's body.

    Raises:
        ValueError: it is no envelope.
    """
    envelope = json.loads(body)
    events = envelope.get("events") if isinstance(envelope, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("no envelope: an object whose `events` is a list of objects is expected")
    sender = next((name for suffix, name in REGISTRIES.items() if content_type.endswith(suffix)), "registry")
    return [_arrival(event, f"{sender} ({label})" if label else sender) for event in events]


def _arrival(event: dict[str, Any], sender: str) -> Arrival:
    target = event["target"] if isinstance(event.get("target"), dict) else {}
    name = str(target.get("repository") or "-")
    if target.get("tag"):
        name += f":{target['tag']}"
    elif target.get("digest"):
        name += f"@{str(target['digest'])[:19]}"
    return Arrival(id=str(event.get("id") or ""), line=f"{event.get('action') or '?'!s:<7} {name:<40} {sender}")


class SampleEndpoint(ThreadingHTTPServer):
    """Serves in threads of its own between `start` and `stop`, and tells `arrived` of every event.

    Args:
        host: address to listen on.
        port: of it.
        arrived: is called for each event before the request is answered, one at a time.
    """

    daemon_threads = True  # connections that a client keeps open must not hold up the end

    def __init__(self, host: str, port: int, arrived: Callable[[Arrival], None]) -> None:
        super().__init__((host, port), _Requests)
        self._arrived = arrived
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, name="sample-endpoint", daemon=True)

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stops serving."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in a line that a client broke off; anything else is a fault of ours and shows in full."""
        if isinstance(sys.exception(), ConnectionError):
            sys.stderr.write(f"sample endpoint: {client_address} broke off\n")
        else:
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def take(self, arrivals: list[Arrival]) -> None:
        """Passes on what one request brought."""
        with self._one_at_a_time:
            for arrival in arrivals:
                self._arrived(arrival)


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SampleEndpoint

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._answer(411, "a Content-Length is needed, of 64 MiB at most")
            return
        body = self.rfile.read(length)
        try:
            arrivals = read_arrivals(body, self.headers.get_content_type(), self.headers.get("registry-name", ""))
        except (ValueError, RecursionError) as error:
            self._answer(400, str(error))
            return
        self.server.take(arrivals)
        self._answer(200)

    def _answer(self, status: int, text: str = "") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log refusals only; what arrived has its line already."""
        if code != 200:
            super().log_request(code, size)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = argparse.ArgumentParser(description="Print each event that is POSTed here.")
    options.add_argument("--listen", type=_address, default=("127.0.0.1", 5052), metavar="HOST:PORT")
    host, port = options.parse_args().listen
    stopped = threading.Event()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    endpoint = SampleEndpoint(host, port, lambda arrival: print(arrival.line, flush=True))
    endpoint.start()
    print(f"Waiting for events at http://{host}:{port}/", flush=True)
    stopped.wait()
    endpoint.stop()


if __name__ == "__main__":
    main()
