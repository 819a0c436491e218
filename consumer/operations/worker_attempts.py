"""The attempts that workers have in memory, asked of all that can be found. Never fails: who is silent is named."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.operations.workers import WorkerPlaces, ask_all, places_of
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.config.addresses import Address
from runtime.config.listener_tls import ListenerTLS
from runtime.errors import BridgeError
from runtime.http.get_json import NoAnswerError, ask
from runtime.kafka.cluster_state import GroupMembers

_FIND_EVERY_S: Final = 30.0


class KnowsMembers(Protocol):
    """Knows the members of the endpoints' groups."""

    @property
    def clock(self) -> Clock:
        """For when they were asked for last."""
        ...

    def members(self, endpoints: Sequence[EndpointSettings]) -> list[GroupMembers]:
        """Of each endpoint's group; blocks, 20 seconds at most."""
        ...


class WorkersAttempts:
    """Asks the worker at `worker.listen`, and all that Kafka sees as members of the groups."""

    def __init__(self, settings: Settings, view: KnowsMembers, workers: Sequence[Address] = ()) -> None:
        """Does not reach out yet; `workers` are the only ones to be asked, if there are any."""
        self._settings: Final = settings
        self._view: Final = view
        self._workers: Final = workers
        self._places = WorkerPlaces(())
        self._unlisted_because = ""
        """Why the members of the groups are not known; empty if they are."""
        self._found_at = float("-inf")

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Ask all of them at once; two seconds at most for each step."""
        self._find()
        tls = self._settings.worker.tls
        answers = ask_all(self._places.addresses, lambda address: _asked(address, tls, question))
        found = merged(question, [answer for answer in answers.values() if isinstance(answer, FoundAttempts)])
        silent = {address: why for address, why in answers.items() if isinstance(why, str)}
        if question.endpoint not in {None, *found.kept_since} and len(silent) < len(answers):
            found.unknown_because.append(f"no worker that was asked serves {question.endpoint}")
        return msgspec.structs.replace(found, unknown_because=[*found.unknown_because, *self._unknown(silent)])

    def _find(self) -> None:
        """Find the workers anew now and then: they come and go."""
        now = self._view.clock.monotonic()
        if now - self._found_at < _FIND_EVERY_S:
            return
        self._found_at = now
        first = self._workers or [self._settings.worker.listen]
        members: list[GroupMembers] = []
        self._unlisted_because = ""
        if not self._workers:
            try:
                members = self._view.members([one for one in self._settings.endpoints if not one.disabled])
            except BridgeError as error:
                self._unlisted_because = f"other workers are not known: {error}"
        self._places = places_of(first, members, discovers=not self._workers)

    def _unknown(self, silent: Mapping[Address, str]) -> Iterator[str]:
        """Why there may be more. Nobody need listen at the configured address, if workers are elsewhere."""
        meant = {*self._workers, *self._places.members.values()}
        if self._unlisted_because:
            yield self._unlisted_because
        yield from (why for address, why in silent.items() if not meant or address in meant)
        yield from (f"a worker was not asked: {why}" for why in _each_once(self._places.unreachable.values()))


def _asked(address: Address, tls: ListenerTLS | None, question: AttemptQuestion) -> FoundAttempts | str:
    """The answer of one worker, or why there is none."""
    try:
        found = msgspec.convert(ask(address, f"/attempts?{question.query}", tls=tls), FoundAttempts)
    except NoAnswerError as error:
        return str(error)
    except msgspec.ValidationError:
        return f"{address} did not answer as a worker"
    return msgspec.structs.replace(found, unknown_because=[f"{address}: {why}" for why in found.unknown_because])


def _each_once(reasons: Collection[str]) -> list[str]:
    return sorted(set(reasons))
