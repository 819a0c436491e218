"""Whether bad endpoints cost good ones: `python -m benchmarks.isolation`.

Twenty endpoints in one worker at an even rate; then the same with one dead, one that answers after 30 s and one that
answers 429. Printed: the latency of the other 17, from acceptance to arrival.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import fast_receiver
from benchmarks.harness import Bench, bench, event, percentile, report
from producer.event_record import record_of
from runtime.kafka.writer import AcknowledgedWriter

ENDPOINTS = 20
GOOD = 17
PER_SECOND = 50
SECONDS = 20
SETTLE_S = 6.0
WARM_UP = 0.25

ALWAYS_429 = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"


def main() -> None:
    """Print p50 and p99 of the 17, without and with bad neighbours."""
    with bench() as made:
        alone = run(made, "alone", [])
        with bad(0.0) as busy, bad(30.0) as slow:
            dead = f"http://127.0.0.1:{closed_port()}/"
            neighbours = run(made, "bad", [{"url": dead}, {"url": slow, "timeout": "60s"}, {"url": busy}])
    for title, times in (("17 good endpoints among 20 good", alone), ("17 good, 1 dead, 1 slow, 1 429", neighbours)):
        report(title, arrivals=len(times), p50_ms=percentile(times, 0.5), p99_ms=percentile(times, 0.99))
    report("p99 with bad neighbours", ratio=percentile(neighbours, 0.99) / percentile(alone, 0.99))


def run(made: Bench, name: str, others: list[dict[str, Any]]) -> list[float]:
    """Milliseconds from acceptance to arrival at the good endpoints."""
    with fast_receiver.running(keep_arrivals=True) as receiver, fast_receiver.running() as rest:
        fill = [{"url": rest.url}] * (ENDPOINTS - GOOD - len(others))
        endpoints = [{"url": receiver.url}] * GOOD + others + fill
        named = [{**endpoint, "name": f"{name}-{at}", "start": "end"} for at, endpoint in enumerate(endpoints)]
        with made.process("consumer.cli", "deliver", config=made.config(named)) as worker:
            worker.address()
            time.sleep(SETTLE_S)
            accepted = feed(made)
            arrived = receiver.wait_for(GOOD * len(accepted), 60)
    times = [(at - accepted[name]) * 1000 for name, at in arrived["arrivals"]]
    return times[int(len(times) * WARM_UP) :]


def feed(made: Bench) -> dict[str, float]:
    """Write events at an even rate; when each was accepted, by id."""
    settings = {"bootstrap.servers": made.kafka.bootstrap}
    writer = AcknowledgedWriter(settings, client_id="benchmark", max_record_bytes=1 << 20)
    accepted: dict[str, float] = {}
    started = time.time()
    for number in range(PER_SECOND * SECONDS):
        one = event(number, f"team/app{number % 200}")
        accepted[one.id] = time.time()
        writer.write([record_of(one, topic=made.topic, accepted_ms=int(time.time() * 1000))])
        time.sleep(max(0.0, started + number / PER_SECOND - time.time()))
    writer.close()
    return accepted


def closed_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def bad(delay_s: float) -> Iterator[str]:
    """An endpoint in a process of its own: 429 at once, or 200 after a long time."""
    command = [sys.executable, "-m", "benchmarks.isolation", str(delay_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait()


async def serve_bad(delay_s: float) -> None:
    """Answer 429, or 200 after the delay."""

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
                await reader.readexactly(int(length))
                await asyncio.sleep(delay_s)
                writer.write(fast_receiver.ANSWER if delay_s else ALWAYS_429)
        writer.close()

    server = await asyncio.start_server(exchange, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(serve_bad(float(sys.argv[1])))
    else:
        main()
