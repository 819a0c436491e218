"""All endpoints of a configuration, seen from outside: where they stand and who serves them. Changes nothing.

`status` and `explain` both begin with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consumer.operations.endpoint_positions import EndpointPosition
from consumer.operations.log_view import LogView
from consumer.operations.merged_answer import merged_answer
from consumer.operations.serving import Serving
from consumer.operations.worker_answer import WorkerAnswer, ask_worker
from consumer.operations.workers import WorkerPlaces, ask_all, places_of
from runtime.config import Address, EndpointSettings, Settings
from runtime.kafka.cluster_state import GroupMembers
from runtime.kafka.errors import KafkaRefusedError
from runtime.pauses import Pause
from runtime.side_threads import SideThreads


@dataclass(frozen=True, slots=True)
class ObservedEndpoint:
    """One endpoint: its position, and who serves it."""

    position: EndpointPosition
    serving: Serving


@dataclass(frozen=True, slots=True)
class Observation:
    """Endpoints, in the order of the configuration."""

    endpoints: Sequence[ObservedEndpoint]
    places: WorkerPlaces
    """Where their workers were asked."""
    unknown: Sequence[str] = field(default_factory=list)
    """What could not be known, and why: a worker that did not answer, or whether anything is paused."""


def observe(
    view: LogView,
    settings: Settings,
    *,
    workers: Sequence[Address] = (),
    endpoints: Sequence[EndpointSettings] | None = None,
) -> Observation:
    """Ask for the groups' commits and members, then all workers of these groups.

    Args:
        view: on Kafka.
        settings: of the installation.
        workers: the only ones to be asked; empty: the one at `worker.listen`, and all that Kafka knows of.
        endpoints: those that are looked at; None: all.

    Raises:
        TopicMissingError: there is no events topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    chosen = settings.endpoints if endpoints is None else endpoints
    asking = SideThreads(1, "members").submit(view.members, chosen)
    pauses, no_pauses_because = _pauses(view)
    positions = view.positions(chosen)
    members = asking.result()
    places = places_of(workers or [settings.worker.listen], members, discovers=not workers)
    answers = _each_once(ask_all(places.addresses, lambda address: ask_worker(address, settings.worker.tls)))
    found = []
    for position, membership in zip(positions, members, strict=True):
        serving = _serving(position.endpoint.name, membership, places, answers, pauses.get(position.group))
        found.append(ObservedEndpoint(position.updated(serving.answer), serving))
    unknown = [one.unreachable_because for one in answers.values() if one.unreachable_because]
    if unknown and len(unknown) < len(answers) and not workers:  # nobody need listen at the configured address
        unknown = [why for at, why in _failures(answers).items() if at in places.members.values()]
    named = {
        f"the worker on {one.host} was not asked: {places.unreachable[one.id]}"
        for group in members
        for one in group.members
        if one.id in places.unreachable
    }
    return Observation(found, places, [*unknown, *sorted(named), *no_pauses_because])


def _pauses(view: LogView) -> tuple[Mapping[str, Pause], list[str]]:
    """By group; and why they are not known, if that is so."""
    try:
        return view.control.look(), []
    except KafkaRefusedError as error:
        return {}, [f"pauses are unknown: {error}"]


def _each_once(answers: Mapping[Address, WorkerAnswer]) -> dict[Address, WorkerAnswer]:
    """Without the answers of workers that answered at another address already."""
    found: dict[Address, WorkerAnswer] = {}
    known: set[str] = set()
    for address, answer in answers.items():
        if not answer.members or not answer.members <= known:
            found[address] = answer
            known |= answer.members
    return found


def _serving(
    endpoint: str,
    membership: GroupMembers,
    places: WorkerPlaces,
    answers: Mapping[Address, WorkerAnswer],
    pause: Pause | None,
) -> Serving:
    mine = {str(address): one for address, all_of in answers.items() if (one := all_of.of(endpoint)) is not None}
    failures = _failures(answers)
    unasked = {one: failures[at] for one, at in places.members.items() if at in failures} | dict(places.unreachable)
    first_failure = next(iter(failures.values()), "") if len(failures) == len(answers) else ""
    return Serving(
        membership,
        merged_answer(mine),
        first_failure,
        unasked={one.id: unasked[one.id] for one in membership.members if one.id in unasked},
        workers={member: where for where, one in mine.items() for member in one.members},
        pause=pause,
    )


def _failures(answers: Mapping[Address, WorkerAnswer]) -> dict[Address, str]:
    return {address: one.unreachable_because for address, one in answers.items() if one.unreachable_because}
