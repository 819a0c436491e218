"""All endpoints of a configuration, seen from outside: where they stand and who serves them. Changes nothing.

`status` and `explain` both begin with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from consumer.operations.endpoint_positions import EndpointPosition
from consumer.operations.log_view import LogView
from consumer.operations.serving import Serving
from consumer.operations.worker_answer import ask_worker
from runtime.config import Settings
from runtime.side_threads import SideThreads


@dataclass(frozen=True, slots=True)
class ObservedEndpoint:
    """One endpoint: its position, and who serves it."""

    position: EndpointPosition
    serving: Serving


@dataclass(frozen=True, slots=True)
class Observation:
    """All endpoints, in the order of the configuration."""

    endpoints: Sequence[ObservedEndpoint]
    unreachable_because: str
    """Why no worker answered; empty if one did."""


def observe(view: LogView, settings: Settings) -> Observation:
    """Ask for the groups' commits, then the worker at `worker.listen`; beside both, for the groups' members.

    Raises:
        TopicMissingError: there is no events topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    asking = SideThreads(1, "members").submit(view.members, settings.endpoints)
    positions = view.positions(settings.endpoints)
    worker = ask_worker(settings.worker.listen)
    members = asking.result()
    found = []
    for position, membership in zip(positions, members, strict=True):
        answer = worker.of(position.endpoint.name)
        serving = Serving(membership, answer, worker.unreachable_because)
        found.append(ObservedEndpoint(position.updated(answer), serving))
    return Observation(found, worker.unreachable_because)
