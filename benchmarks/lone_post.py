"""How long a registry waits that sends one event at a time: `python -m benchmarks.lone_post`.

The baseline of the same run: a bare idempotent producer without a linger, which writes the same records and waits for
each acknowledgement. A write and a POST take turns, so that broker and machine are in the same state for both: a write
that follows the last one at once finds everything still in the processors' caches, and takes two thirds of the time.
"""

import socket
import time
from collections.abc import Callable

from confluent_kafka import Producer

from benchmarks.harness import Bench, bench, event, percentile, report
from producer.event_record import record_of
from schemas.event import MEDIA_TYPE_V2
from schemas.wire import envelope_json

PAIRS = 2_000
WARM_UP = 100
_EVENTS = [event(number, f"team/app{number}") for number in range(100)]


def main() -> None:
    """Print p50 and p99 of both, in milliseconds, and the ratio."""
    with bench() as made, made.process("producer.cli", "serve", config=made.config([])) as serve:
        serve.wait_for("bridge.ready")
        compare(made, serve.address())


def compare(made: Bench, address: str) -> None:
    """The same for an intake that runs."""
    writes, posts = _Writes(made), _Posts(address)
    pairs = [(_time(writes.write, number), _time(posts.post, number)) for number in range(PAIRS)]
    posts.close()
    bare, ours = (list(times) for times in zip(*pairs[WARM_UP:], strict=True))
    medians = [percentile(times, 0.5) for times in (bare, ours)]
    report("bare write, one at a time", p50_ms=medians[0], p99_ms=percentile(bare, 0.99))
    report(
        "intake, one POST at a time",
        p50_ms=medians[1],
        p99_ms=percentile(ours, 0.99),
        p50_ratio=medians[1] / medians[0],
    )


def _time(step: Callable[[int], None], number: int) -> float:
    """Milliseconds of a step with one of the events."""
    started = time.perf_counter()
    step(number % len(_EVENTS))
    return (time.perf_counter() - started) * 1000


class _Writes:
    """The bare client."""

    def __init__(self, made: Bench) -> None:
        servers = {"bootstrap.servers": made.kafka.bootstrap}
        self._producer = Producer({**servers, "acks": "all", "enable.idempotence": True, "linger.ms": 0})
        self._records = [record_of(one, topic=made.topic, accepted_ms=int(time.time() * 1000)) for one in _EVENTS]

    def write(self, number: int) -> None:
        record = self._records[number]
        self._producer.produce(record.topic, record.value, key=record.key, headers=list(record.headers))
        if self._producer.flush(10):
            raise TimeoutError("Kafka has not acknowledged a record")


class _Posts:
    """One connection, and the least that can be done to use it: what is measured is the intake."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bodies = [envelope_json([one]) for one in _EVENTS]
        head = f"POST /events HTTP/1.1\r\nHost: {address}\r\nContent-Type: {MEDIA_TYPE_V2}\r\nContent-Length: "
        self._requests = [head.encode() + b"%d\r\n\r\n%b" % (len(body), body) for body in bodies]

    def post(self, number: int) -> None:
        self._socket.sendall(self._requests[number])
        answer = b""
        while b'{"accepted":1}' not in answer:
            piece = self._socket.recv(4096)
            if not piece:
                raise ConnectionError(answer.decode())
            answer += piece

    def close(self) -> None:
        self._socket.close()


if __name__ == "__main__":
    main()
