"""All benchmarks, one after the other: `make bench`, or some by name: `make bench ARGS="delivery latency"`."""

import sys
from collections.abc import Callable, Mapping

from benchmarks import (
    attacks,
    avro_writer,
    delivery,
    endpoints,
    export,
    fanout,
    iceberg,
    intake,
    isolation,
    latency,
    object_storage,
    outage,
    processes,
    registry_memory,
    replay,
    report,
    sink_latency,
    tags,
)

BENCHMARKS: Mapping[str, Callable[[], None]] = {
    "avro_writer": lambda: avro_writer.main([]),
    "intake": intake.main,
    "sink_latency": sink_latency.main,
    "delivery": delivery.main,
    "latency": latency.main,
    "isolation": isolation.main,
    "replay": replay.main,
    "export": export.main,
    "object_storage": object_storage.main,
    "iceberg": iceberg.main,
    "report": lambda: report.main([]),
    "tags": tags.main,
    "fanout": fanout.main,
    "endpoints": endpoints.main,
    "attacks": attacks.main,
    "processes": processes.main,
    "registry_memory": registry_memory.main,
    "outage": lambda: outage.main(outage.EVENTS),
}


def main(names: list[str]) -> None:
    """Run the named ones, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark is named {', '.join(unknown)}; known are {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        print(f"\n{name}", flush=True)
        BENCHMARKS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
