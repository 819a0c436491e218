"""How fast one worker delivers, and what an event costs it: `python -m benchmarks.delivery`.

Baselines of the same run: a client that posts one event at a time over a connection each, in order, as the registry
does; and the bare HTTP client at the worker's concurrency with the worker's body. Costs are microseconds of the whole
process's processor time; rates depend on what else the machine does, costs hardly.
"""

import asyncio
import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvloop
from pyreqwest.client import ClientBuilder

from benchmarks import fast_receiver
from benchmarks.harness import Bench, bench, event, report
from schemas.wire import envelope_json

EVENTS = 50_000
REPOSITORIES = 500
CONCURRENCY = 128
SLOW_S = 0.02


def main() -> None:
    """Print each case."""
    with bench() as made:
        made.fill(EVENTS, repositories=REPOSITORIES)
        with fast_receiver.running(delay_s=SLOW_S) as receiver:
            serial = one_at_a_time(receiver.url, 200)
        with fast_receiver.running(delay_s=SLOW_S) as receiver:
            slow = worker(made, receiver, {"concurrency": CONCURRENCY})
        report("receiver takes 20 ms", per_second=slow.rate, one_at_a_time=serial, ratio=slow.rate / serial)
        with fast_receiver.running() as receiver:
            bare = uvloop.run(bare_client(receiver.url, EVENTS))
        with fast_receiver.running() as receiver:
            fast = worker(made, receiver, {"concurrency": CONCURRENCY})
        report("receiver answers at once", per_second=fast.rate, bare_client=bare.rate, ratio=fast.rate / bare.rate)
        report("one event", microseconds=fast.cost_us, bare_client=bare.cost_us, ratio=fast.cost_us / bare.cost_us)
        with fast_receiver.running() as receiver:
            batched = worker(made, receiver, {"batch": {"max_events": 100, "linger": "5ms"}})
        report("batches of 100", per_second=batched.rate, unbatched=fast.rate, ratio=batched.rate / fast.rate)
        ratio = batched.cost_us / fast.cost_us
        report("one event of 100", microseconds=batched.cost_us, unbatched=fast.cost_us, ratio=ratio)


@dataclass(frozen=True)
class Delivered:
    """How some events were delivered."""

    rate: float
    """Events a second from the first arrival to the last."""
    cost_us: float
    """Processor time of each, in microseconds."""


def worker(
    made: Bench, receiver: fast_receiver.Running, endpoint: dict[str, object], *, events: int = EVENTS
) -> Delivered:
    """Deliver all `events` with one worker; what its start costs is not counted."""
    config = made.config([{"name": f"e{time.time_ns()}", "url": receiver.url, **endpoint}])
    with made.process("consumer.cli", "deliver", config=config) as process:
        before = receiver.wait_for(1, 120)["events"]
        begun = process.cpu_s()
        arrived = receiver.wait_for(events, 120)
        took = process.cpu_s() - begun
    return Delivered(arrived["events"] / arrived["seconds"], took / (arrived["events"] - before) * 1e6)


def one_at_a_time(url: str, count: int) -> float:
    """What the registry does: one POST after the other, each over a connection of its own."""
    parts = urlsplit(url)
    body = envelope_json([event(1, "team/app")])
    started = time.perf_counter()
    for _ in range(count):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        connection.close()
    return count / (time.perf_counter() - started)


async def bare_client(url: str, count: int) -> Delivered:
    """The HTTP client alone: the same body and concurrency, no Kafka, no order."""
    client = ClientBuilder().no_proxy().follow_redirects(enable=False).http1_only().build()
    body = envelope_json([event(1, "team/app")])
    left = count

    async def post() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            request = client.post(url).headers([("content-type", "application/json"), ("registry-event", "a/0/0")])
            async with request.body_bytes(body).build_streamed() as response:
                await response.body_reader.read_chunk()

    started, begun = time.perf_counter(), time.process_time()
    await asyncio.gather(*(post() for _ in range(CONCURRENCY)))
    took = time.process_time() - begun
    await client.close()
    return Delivered(count / (time.perf_counter() - started), took / count * 1e6)


if __name__ == "__main__":
    main()
