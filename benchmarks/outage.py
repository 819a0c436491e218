"""Memory through an outage: `python -m benchmarks.outage [EVENTS]`.

A million events wait in the log for an endpoint that is down; then it comes up. Printed: the worker's resident memory
meanwhile, and whether everything arrived.
"""

import socket
import subprocess
import sys
import time

from benchmarks.fast_receiver import Running
from benchmarks.harness import bench, report

EVENTS = 1_000_000
DOWN_S = 20.0
LIMIT_S = 900.0


def main(events: int) -> None:
    """Print resident memory at each stage, in MiB."""
    with bench() as made:
        made.fill(events, repositories=5_000)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        endpoint = {"name": "outage", "url": f"http://127.0.0.1:{port}/hook", "max_backoff": "2s"}
        with made.process("consumer.cli", "deliver", config=made.config([endpoint])) as worker:
            worker.address()
            down = sampled(worker.resident_mib, DOWN_S)
            report("endpoint down", events_waiting=events, resident_mib=max(down), first_mib=down[len(down) // 4])
            command = [sys.executable, "-m", "benchmarks.fast_receiver", "0", "0", str(port)]
            receiver = subprocess.Popen(command, stdout=subprocess.PIPE)
            try:
                assert receiver.stdout is not None
                receiver.stdout.readline()
                up, arrived = catch_up(Running(port), worker.resident_mib, events)
            finally:
                receiver.terminate()
        report("endpoint up again", arrived=arrived, resident_mib=max(up), last_mib=up[-1])


def sampled(measure: "object", seconds: float) -> list[float]:
    """A figure each second."""
    assert callable(measure)
    values = []
    for _ in range(int(seconds)):
        time.sleep(1.0)
        values.append(float(measure()))
    return values


def catch_up(receiver: Running, measure: "object", events: int) -> tuple[list[float], int]:
    """The figure each second until everything arrived, and how much did."""
    deadline = time.monotonic() + LIMIT_S
    values: list[float] = []
    while (arrived := receiver.counts()["events"]) < events and time.monotonic() < deadline:
        values += sampled(measure, 1.0)
    return values or sampled(measure, 1.0), arrived


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
