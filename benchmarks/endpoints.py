"""What one more endpoint costs an idle worker: `python -m benchmarks.endpoints`. Memory, threads, processor time."""

import time
from pathlib import Path

from benchmarks.harness import bench, report

COUNTS = (1, 10, 25, 50)
SETTLE_S = 12.0
WATCH_S = 15.0


def main() -> None:
    """Print the figures for each count, and per endpoint between the first and the last."""
    figures = []
    with bench() as made:
        made.fill(1_000, repositories=100)
        for count in COUNTS:
            endpoints = [
                {"name": f"idle-{count}-{at}", "url": "http://127.0.0.1:9/", "start": "end"} for at in range(count)
            ]
            with made.process("consumer.cli", "deliver", config=made.config(endpoints)) as worker:
                worker.address()
                time.sleep(SETTLE_S)
                before = worker.cpu_s()
                time.sleep(WATCH_S)
                cpu = (worker.cpu_s() - before) / WATCH_S * 100
                threads = len(list(Path(f"/proc/{worker.child.pid}/task").iterdir()))
                figures.append((count, worker.resident_mib(), float(threads), cpu))
            report(f"{count} endpoints", resident_mib=figures[-1][1], threads=threads, idle_cpu_percent=cpu)
    (few, *least), (many, *most) = figures[0], figures[-1]
    each = [(more - less) / (many - few) for more, less in zip(most, least, strict=True)]
    report("one more endpoint", resident_mib=each[0], threads=each[1], idle_cpu_percent=each[2])


if __name__ == "__main__":
    main()
