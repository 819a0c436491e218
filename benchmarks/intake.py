"""How fast the intake takes events, each answered only when Kafka has it: `python -m benchmarks.intake`.

One caller is compared with a bare producer (`lone_post.py`). For many callers, the baselines of the same run are an
intake whose producer lingers, and the same client against a receiver that answers at once and keeps nothing.
"""

import asyncio
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import uvloop
from pyreqwest.client import ClientBuilder

from benchmarks import fast_receiver, lone_post
from benchmarks.harness import Bench, Running, bench, event, percentile, report
from schemas.event import MEDIA_TYPE_V2
from schemas.wire import envelope_json

POSTS = 10_000
CALLERS = 64
LINGERS_MS = {"": None, ", linger.ms=1": 1}
ROUNDS = 4
"""The best of them counts: whatever else runs on the machine makes a POST dearer, never cheaper."""


def main() -> None:
    """Print POSTs a second, processor time a POST and latencies."""
    with bench() as made, ExitStack() as running:
        intakes = {title: running.enter_context(_intake(made, linger)) for title, linger in LINGERS_MS.items()}
        for intake in intakes.values():
            intake.wait_for("bridge.ready")
        lone_post.compare(made, intakes[""].address())
        rounds = [{title: _round(intake) for title, intake in intakes.items()} for _ in range(ROUNDS)]
        with fast_receiver.running() as receiver:
            bare, _ = uvloop.run(posts(receiver.url, CALLERS))
    for title in intakes:
        found = [one[title] for one in rounds]
        best = max(found, key=lambda one: one.rate)
        report(
            f"intake, {CALLERS} at a time{title}",
            per_second=best.rate,
            microseconds=min(one.microseconds for one in found),
            p50_ms=percentile(best.times, 0.5),
            p99_ms=percentile(best.times, 0.99),
            bare=bare,
            ratio=best.rate / bare,
        )


@dataclass(frozen=True, slots=True)
class _Round:
    rate: float
    """POSTs a second."""
    times: list[float]
    """Milliseconds of each."""
    microseconds: float
    """Of the intake's processor time for each."""


def _intake(made: Bench, linger_ms: int | None) -> AbstractContextManager[Running]:
    kafka = {"bootstrap.servers": made.kafka.bootstrap} | ({} if linger_ms is None else {"linger.ms": linger_ms})
    return made.process("producer.cli", "serve", config=made.config([], kafka=kafka))


def _round(intake: Running) -> _Round:
    cpu_s = intake.cpu_s()
    rate, times = uvloop.run(posts(f"http://{intake.address()}/events", CALLERS))
    return _Round(rate, times, (intake.cpu_s() - cpu_s) / len(times) * 1e6)


async def posts(url: str, callers: int) -> tuple[float, list[float]]:
    """POST one event after the other from so many callers: a second, and each one's milliseconds."""
    client = ClientBuilder().no_proxy().http1_only().build()
    bodies = [envelope_json([event(number, f"team/app{number % 500}")]) for number in range(500)]
    left = iter(range(POSTS))
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
    return POSTS / elapsed, times


if __name__ == "__main__":
    main()
