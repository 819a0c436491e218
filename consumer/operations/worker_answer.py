"""A worker's answer about its endpoints: asked for once, and read with care. Never fails.

A worker of another release may answer, or something else that listens there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consumer.endpoint.live_status import EndpointAnswer, endpoint_answer_of
from runtime.config.addresses import Address
from runtime.config.listener_tls import ListenerTLS
from runtime.http.get_json import NoAnswerError, ask


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """The answer about all endpoints of that worker."""

    endpoints: Mapping[str, EndpointAnswer] = field(default_factory=dict)
    unreachable_because: str = ""
    """Why there is no answer, or none of a worker; empty if there is one."""

    @property
    def members(self) -> frozenset[str]:
        """The ids by which groups know its consumers: so a worker is recognised at another of its addresses."""
        return frozenset(member for one in self.endpoints.values() for member in one.members)

    def of(self, endpoint: str) -> EndpointAnswer | None:
        """The answer about one endpoint; None if the worker does not serve it, or did not answer."""
        return self.endpoints.get(endpoint)


def ask_worker(address: Address, tls: ListenerTLS | None = None) -> WorkerAnswer:
    """Ask for `/status`; blocks, two seconds at most for each step."""
    try:
        answer = ask(address, "/status", tls=tls)
    except NoAnswerError as error:
        return WorkerAnswer(unreachable_because=str(error))
    return worker_answer_of(answer, where=f"{address}/status")


def worker_answer_of(answer: Any, *, where: str) -> WorkerAnswer:
    """Read an answer; whatever is not as expected is left out."""
    if not isinstance(answer, list):
        return WorkerAnswer(unreachable_because=f"{where} did not answer as a worker")
    entries = [entry for entry in answer if isinstance(entry, dict)]
    return WorkerAnswer({str(entry.get("endpoint")): endpoint_answer_of(entry) for entry in entries})
