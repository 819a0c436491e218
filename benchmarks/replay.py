"""How fast a replay delivers, beside live delivery of the same events: `python -m benchmarks.replay`.

Both send to a receiver that answers at once, in a process each, one after the other in the same run.
"""

import time

from benchmarks import fast_receiver
from benchmarks.delivery import CONCURRENCY, worker
from benchmarks.harness import Bench, bench, report

EVENTS = 20_000
REPOSITORIES = 500
LIMIT_S = 120


def main() -> None:
    """Print the replay's rate, the live rate, and their ratio."""
    with bench() as made:
        made.fill(EVENTS, repositories=REPOSITORIES)
        with fast_receiver.running() as receiver:
            live = worker(made, receiver, {"concurrency": CONCURRENCY}, events=EVENTS).rate
        with fast_receiver.running() as receiver:
            replayed, whole_s = replay(made, receiver)
    report(
        "replay beside live delivery", per_second=replayed, live=live, ratio=replayed / live, whole_command_s=whole_s
    )


def replay(made: Bench, receiver: fast_receiver.Running) -> tuple[float, float]:
    """Events a second from the first arrival to the last, and how long the command took as a whole, in seconds."""
    config = made.config([{"name": "replayed", "url": receiver.url, "concurrency": CONCURRENCY}])
    started = time.perf_counter()
    arguments = ("consumer.cli", "replay", "--endpoint", "replayed", "--from", "beginning")
    with made.process(*arguments, config=config) as process:
        code = process.child.wait(LIMIT_S)
    if code != 0:
        raise RuntimeError(process.log.read_text())
    counts = receiver.counts()
    return float(counts["events"] / counts["seconds"]), time.perf_counter() - started


if __name__ == "__main__":
    main()
