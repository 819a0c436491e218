"""How fast the intake takes events, each answered only when Kafka has it: `python -m benchmarks.intake`.

Baseline of the same run: the same client against a receiver that answers at once and keeps nothing.
"""

import asyncio
import time

import uvloop
from pyreqwest.client import ClientBuilder

from benchmarks import fast_receiver
from benchmarks.harness import bench, event, percentile, report
from schemas.event import MEDIA_TYPE_V2
from schemas.wire import envelope_json

POSTS = 10_000
CALLERS = (1, 64)


def main() -> None:
    """Print POSTs a second and latencies."""
    with bench() as made:
        with made.process("producer.cli", "serve", config=made.config([])) as serve:
            url = f"http://{serve.address()}/events"
            time.sleep(2.0)
            ours = {callers: uvloop.run(posts(url, callers)) for callers in CALLERS}
        with fast_receiver.running() as receiver:
            bare = {callers: uvloop.run(posts(receiver.url, callers)) for callers in CALLERS}
    for callers in CALLERS:
        rate, times = ours[callers]
        figures = {"p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99)}
        report(
            f"intake, {callers} at a time",
            per_second=rate,
            **figures,
            bare=bare[callers][0],
            ratio=rate / bare[callers][0],
        )


async def posts(url: str, callers: int) -> tuple[float, list[float]]:
    """POST one event after the other from so many callers: a second, and each one's milliseconds."""
    client = ClientBuilder().no_proxy().http1_only().build()
    bodies = [envelope_json([event(number, f"team/app{number % 500}")]) for number in range(500)]
    count = POSTS if callers > 1 else POSTS // 10
    left = iter(range(count))
    times: list[float] = []

    async def caller() -> None:
        for number in left:
            started = time.perf_counter()
            request = client.post(url).headers([("content-type", MEDIA_TYPE_V2)]).body_bytes(bodies[number % 500])
            async with request.build_streamed() as response:
                assert response.status == 200, response.status
                await response.body_reader.read_chunk()
            times.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    elapsed = time.perf_counter() - started
    await client.close()
    return count / elapsed, times


if __name__ == "__main__":
    main()
