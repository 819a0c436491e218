"""The answer of the worker at `worker.listen` about its endpoints: asked for once, and read with care. Never fails.

A worker of another release may answer, or something else that listens there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.config.addresses import Address
from runtime.http.get_json import NoAnswerError, ask
from runtime.kafka.cluster_state import Committed


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """One endpoint as that worker sees it."""

    breaker: str | None = None
    """`closed` or `open`; None if the answer has none."""
    waits_because: tuple[str, ...] = ()
    partitions: tuple[int, ...] = ()
    """Those that this worker has."""
    group: str = ""
    """The consumer group as whose member it has them."""
    cursors: Mapping[int, Committed] = field(default_factory=dict)
    """Its commits as they would be now: they follow up to a second later."""


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """The answer about all endpoints of that worker."""

    endpoints: Mapping[str, EndpointAnswer] = field(default_factory=dict)
    unreachable_because: str = ""
    """Why there is no answer, or none of a worker; empty if there is one."""

    def of(self, endpoint: str) -> EndpointAnswer | None:
        """The answer about one endpoint; None if the worker does not serve it, or did not answer."""
        return self.endpoints.get(endpoint)


def ask_worker(address: Address) -> WorkerAnswer:
    """Ask for `/status`; blocks, two seconds at most for each step."""
    try:
        answer = ask(address, "/status")
    except NoAnswerError as error:
        return WorkerAnswer(unreachable_because=str(error))
    return worker_answer_of(answer, where=f"{address}/status")


def worker_answer_of(answer: Any, *, where: str) -> WorkerAnswer:
    """Read an answer; whatever is not as expected is left out."""
    if not isinstance(answer, list):
        return WorkerAnswer(unreachable_because=f"{where} is not a worker's")
    entries = [entry for entry in answer if isinstance(entry, dict)]
    return WorkerAnswer({str(entry.get("endpoint")): _endpoint_answer(entry) for entry in entries})


def _endpoint_answer(entry: Mapping[str, Any]) -> EndpointAnswer:
    breaker, reasons, partitions, group = (
        entry.get(key) for key in ("breaker", "waits_because", "partitions", "group")
    )
    return EndpointAnswer(
        breaker=breaker if isinstance(breaker, str) else None,
        waits_because=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        partitions=tuple(number for number in partitions if isinstance(number, int))
        if isinstance(partitions, list)
        else (),
        group=group if isinstance(group, str) else "",
        cursors=_cursors(entry.get("cursors")),
    )


def _cursors(entries: Any) -> dict[int, Committed]:
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"partition": int(number), "offset": int(offset), "metadata": str(metadata)} if offset >= 0:
                found[number] = Committed(offset, metadata)
    return found
