"""Acts on an endpoint from a shell: by a worker that is asked, or, where none can be, by Kafka alone.

A worker keeps a pause in Kafka and follows at once; other workers follow within seconds, asked or not. A breaker is its
worker's own, so the end of a pause is asked of every worker that can be found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from consumer.operations.log_view import LogView
from consumer.operations.workers import WorkerPlaces, ask_all, places_of
from runtime.config import Address, EndpointSettings, Settings
from runtime.http.get_json import JsonAnswer, NoAnswerError, post
from runtime.kafka.cluster_state import GroupMembers
from runtime.pauses import Pause

LIMIT_S: Final = 10.0
"""For a worker's answer: it waits for Kafka before."""
_OK: Final = 200
_NOT_SERVED: Final = 404
"""Of a worker that has other endpoints."""
_ANSWERED: Final = "answered"


@dataclass(frozen=True, slots=True)
class ActReport:
    """What became of an act."""

    changed: bool = False
    """Whether the pause began, or ended, by it."""
    pause: Pause | None = None
    """In which the endpoint is now."""
    in_flight: int = 0
    """Requests that had begun, in the workers that answered."""
    tries: bool = False
    """Whether a worker waited for its next try, and tries now."""
    done_by: Sequence[Address] = ()
    """The workers that did it at once."""
    not_done_by: Mapping[str, str] = field(default_factory=dict)
    """Others, and why not."""
    has_workers: bool | None = None
    """Whether the endpoint's group has members; None if that is not known."""


@dataclass(frozen=True, slots=True)
class _WorkerReplies:
    """What those said that were asked."""

    done: Mapping[Address, Mapping[str, Any]]
    """Each worker once, at whichever of its addresses it answered first."""
    failed: Mapping[Address, str]

    def any(self, fact: str) -> bool:
        """Whether it is so at one of them."""
        return any(bool(one.get(fact)) for one in self.done.values())


class Acting:
    """Acts on one endpoint."""

    def __init__(
        self, settings: Settings, view: LogView, endpoint: EndpointSettings, *, workers: Sequence[Address] = ()
    ) -> None:
        """Does not reach out yet; `workers` are the only ones to be asked, if there are any."""
        self._settings: Final = settings
        self._view: Final = view
        self._endpoint: Final = endpoint
        self._workers: Final = workers

    def pause(self, reason: str) -> ActReport:
        """Hold the endpoint.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: neither a worker nor this command could keep that in Kafka.
        """
        return self._do("pause", {"reason": reason}, Pause(int(self._view.clock.wall() * 1000), reason))

    def resume(self) -> ActReport:
        """Let it go on, and have every worker try now; raises as `pause` does."""
        return self._do("resume", {}, None)

    def _do(self, act: str, content: Mapping[str, Any], wanted: Pause | None) -> ActReport:
        membership = self._view.members([self._endpoint])[0]
        first = self._workers or [self._settings.worker.listen]
        places = places_of(first, [membership], discovers=not self._workers)
        answers = _sorted_out(self._asked_all(places.addresses, act, content))
        changed, pause = self._kept(wanted)
        return ActReport(
            changed=changed or answers.any("changed"),
            pause=pause,
            in_flight=sum(int(one.get("in_flight", 0)) for one in answers.done.values()),
            tries=answers.any("tries"),
            done_by=tuple(answers.done),
            not_done_by=self._failures(answers, places, membership),
            has_workers=None if membership.obstacle else bool(membership.members),
        )

    def _asked_all(
        self, addresses: Sequence[Address], act: str, content: Mapping[str, Any]
    ) -> dict[Address, JsonAnswer | str]:
        """One after the other until one has done it, so that Kafka keeps it once; then all others at once."""
        found: dict[Address, JsonAnswer | str] = {}
        for address in addresses:
            answer = found[address] = self._asked(address, act, content)
            if isinstance(answer, JsonAnswer) and answer.status == _OK:
                break
        rest = [address for address in addresses if address not in found]
        return found | ask_all(rest, lambda address: self._asked(address, act, content))

    def _kept(self, wanted: Pause | None) -> tuple[bool, Pause | None]:
        """See that Kafka keeps it, whoever did it; whether that was left to this command, and the pause there is."""
        group, control = self._view.group(self._endpoint), self._view.control
        found = control.look().get(group)
        if (found is None) == (wanted is None):
            return False, found
        control.ensure()
        writer = self._view.open_writer()
        try:
            writer.write([control.record(group, wanted)])
        finally:
            writer.close()
        return True, wanted

    def _asked(self, address: Address, act: str, content: Mapping[str, Any]) -> JsonAnswer | str:
        path = f"/endpoints/{quote(self._endpoint.name, safe='')}/{act}"
        authorization, tls = next(iter(self._settings.worker.authorization), None), self._settings.worker.tls
        try:
            return post(address, path, content, authorization=authorization, limit_s=LIMIT_S, tls=tls)
        except NoAnswerError as error:
            return str(error)

    def _failures(self, answers: _WorkerReplies, places: WorkerPlaces, membership: GroupMembers) -> dict[str, str]:
        """Who did not do it, and why. Nobody need listen at the configured address."""
        meant = {*self._workers, *places.members.values()}
        failed = {str(at): why for at, why in answers.failed.items() if at in meant or why.startswith(_ANSWERED)}
        hosts = {one.host: places.unreachable[one.id] for one in membership.members if one.id in places.unreachable}
        return failed | {f"a worker on {host}": why for host, why in hosts.items()}


def _sorted_out(answers: Mapping[Address, JsonAnswer | str]) -> _WorkerReplies:
    done: dict[Address, Mapping[str, Any]] = {}
    failed: dict[Address, str] = {}
    known: set[str] = set()
    for address, answer in answers.items():
        if isinstance(answer, str):
            failed[address] = answer
        elif answer.status == _NOT_SERVED:
            continue
        elif answer.status != _OK or not isinstance(answer.content, dict):
            error = answer.content.get("error") if isinstance(answer.content, dict) else None
            failed[address] = f"{_ANSWERED} {answer.status}{f': {error}' if error else ''}"
        elif not (members := {str(one) for one in answer.content.get("members", ())}) or not members <= known:
            done[address] = answer.content
            known |= members
    return _WorkerReplies(done, failed)
