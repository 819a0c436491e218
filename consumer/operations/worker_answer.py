"""What the worker at `worker.listen` says of its endpoints: asked once, and taken with care. Never fails.

A worker of another release may answer, or something else that listens there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.config.addresses import Address
from runtime.http.get_json import NoAnswerError, ask
from runtime.kafka.cluster_state import Committed


@dataclass(frozen=True, slots=True)
class Live:
    """One endpoint in that worker."""

    breaker: str | None = None
    """`closed` or `open`; None if it does not say."""
    waits_because: tuple[str, ...] = ()
    partitions: tuple[int, ...] = ()
    """Those that this worker has."""
    group: str = ""
    """The consumer group as whose member it has them."""
    cursors: Mapping[int, Committed] = field(default_factory=dict)
    """What it would commit of them now: commits follow up to a second later."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The worker's answer."""

    endpoints: Mapping[str, Live] = field(default_factory=dict)
    silence: str = ""
    """Why there is no answer, or none that says anything; empty if there is one."""

    def of(self, endpoint: str) -> Live | None:
        """What it says of one endpoint; None if it does not serve it, or did not answer."""
        return self.endpoints.get(endpoint)


def ask_worker(address: Address) -> Worker:
    """Ask; blocks, two seconds at most for each step."""
    try:
        answer = ask(address, "/status")
    except NoAnswerError as error:
        return Worker(silence=str(error))
    return worker_of(answer, where=f"{address}/status")


def worker_of(answer: Any, *, where: str) -> Worker:
    """The answer understood; whatever is not as expected is left out."""
    if not isinstance(answer, list):
        return Worker(silence=f"{where} is not a worker's")
    entries = [entry for entry in answer if isinstance(entry, dict)]
    return Worker({str(entry.get("endpoint")): _live(entry) for entry in entries})


def _live(entry: Mapping[str, Any]) -> Live:
    breaker, reasons, partitions, group = (
        entry.get(key) for key in ("breaker", "waits_because", "partitions", "group")
    )
    return Live(
        breaker=breaker if isinstance(breaker, str) else None,
        waits_because=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        partitions=tuple(number for number in partitions if isinstance(number, int))
        if isinstance(partitions, list)
        else (),
        group=group if isinstance(group, str) else "",
        cursors=_cursors(entry.get("cursors")),
    )


def _cursors(told: Any) -> dict[int, Committed]:
    found = {}
    for entry in told if isinstance(told, list) else ():
        match entry:
            case {"partition": int(number), "offset": int(offset), "metadata": str(metadata)} if offset >= 0:
                found[number] = Committed(offset, metadata)
    return found
