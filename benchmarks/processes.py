"""What an event costs in two processes and in one: `python -m benchmarks.processes`. Processor time of all of them.

The baseline of each figure is the same command with one process, in the same run. The rate says more on a machine with
a core for each process, the broker, and what sends or receives.
"""

import json
import os
import time
import uuid
from pathlib import Path

import uvloop

from benchmarks import fast_receiver
from benchmarks.harness import Bench, Running, bench, report
from benchmarks.intake import posts

EVENTS = 20_000
REPOSITORIES = 500
COUNTS = (1, 2)
ROUNDS = 4
"""The best of them counts: whatever else runs on the machine makes an event dearer, never cheaper."""
LIMIT_S = 300
_CALLERS = 64
"""Of each process: fewer would make its writes to Kafka smaller, and each event dearer."""


def main() -> None:
    """Print microseconds of an event, the ratio and the rate, for `deliver` and for `serve`."""
    with bench() as made:
        made.fill(EVENTS, repositories=REPOSITORIES)
        for command, measured in (("deliver", delivered), ("serve", served)):
            rounds = [[measured(made, count) for count in COUNTS] for _ in range(ROUNDS)]
            costs = [min(cost for cost, _ in of_count) for of_count in zip(*rounds, strict=True)]
            rates = [max(rate for _, rate in of_count) for of_count in zip(*rounds, strict=True)]
            for count, cost, rate in zip(COUNTS, costs, rates, strict=True):
                report(f"{command} --processes {count}", microseconds=cost, ratio=cost / costs[0], per_second=rate)


def delivered(made: Bench, processes: int) -> tuple[float, float]:
    """Microseconds of processor time for each event once every process delivers, and events a second."""
    with fast_receiver.running() as receiver:
        config = made.config([{"name": f"e-{uuid.uuid4().hex[:8]}", "url": receiver.url, "concurrency": 128}])
        arguments = ("consumer.cli", "deliver", "--processes", str(processes))
        with made.process(*arguments, config=config) as worker:
            wait_for_members(worker, processes)
            begun, cpu_s, at = receiver.counts()["events"], tree_cpu_s(worker.child.pid), time.monotonic()
            receiver.wait_for(EVENTS * 9 // 10, LIMIT_S)
            events, took_s = receiver.counts()["events"] - begun, time.monotonic() - at
            return (tree_cpu_s(worker.child.pid) - cpu_s) / events * 1e6, events / took_s


def served(made: Bench, processes: int) -> tuple[float, float]:
    """Microseconds of processor time for each POST of one event, and POSTs a second, with as many callers a process."""
    with made.process("producer.cli", "serve", "--processes", str(processes), config=made.config([])) as serve:
        url = f"http://{serve.address()}/events"
        wait_for_lines(serve, "bridge.ready", processes)
        cpu_s = tree_cpu_s(serve.child.pid)
        rate, times = uvloop.run(posts(url, _CALLERS * processes))
        return (tree_cpu_s(serve.child.pid) - cpu_s) / len(times) * 1e6, rate


def wait_for_members(worker: Running, processes: int) -> None:
    """Wait until each process has its share of the partitions."""
    wait_for_lines(worker, "endpoint.assigned", processes)


def wait_for_lines(running: Running, event: str, processes: int) -> None:
    """Wait until so many processes have logged this.

    Raises:
        TimeoutError: they have not.
    """
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        lines = [json.loads(line) for line in running.log.read_text().splitlines()]
        if len({line.get("process") for line in lines if line.get("event") == event}) >= processes:
            return
        time.sleep(0.02)
    raise TimeoutError(running.log.read_text())


def tree_cpu_s(pid: int) -> float:
    """Processor seconds of a process and of all below it so far, those that have ended included."""
    ticks, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            ticks[int(folder.name)] = sum(map(int, fields[11:15]))
            parents[int(folder.name)] = int(fields[1])
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return sum(ticks.get(one, 0) for one in found) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
