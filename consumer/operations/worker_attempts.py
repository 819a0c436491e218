"""The attempts that workers have in memory, asked of all that can be found. Never fails: who is silent is named."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.operations.workers import WorkerPlaces, ask_all, places_of
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.config.addresses import Address
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
    """Asks all workers that were found."""

    def __init__(self, settings: Settings, places: WorkerPlaces, workers: Sequence[Address] = ()) -> None:
        """Does not reach out yet; `workers` are those that were named, if any were."""
        self._tls: Final = settings.worker.tls
        self._places: Final = places
        self._meant: Final = {*workers, *places.members.values()}

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Ask all of them at once; two seconds at most for each step."""
        answers = ask_all(self._places.addresses, lambda address: self._asked(address, question))
        found = merged(question, [answer for answer in answers.values() if isinstance(answer, FoundAttempts)])
        silent = {address: why for address, why in answers.items() if isinstance(why, str)}
        if question.endpoint not in {None, *found.kept_since} and len(silent) < len(answers):
            found.unknown_because.append(f"no worker that was asked serves {question.endpoint}")
        return msgspec.structs.replace(found, unknown_because=[*found.unknown_because, *self._unknown(silent)])

    def _asked(self, address: Address, question: AttemptQuestion) -> FoundAttempts | str:
        """The answer of one worker, or why there is none."""
        try:
            found = msgspec.convert(ask(address, f"/attempts?{question.query}", tls=self._tls), FoundAttempts)
        except NoAnswerError as error:
            return str(error)
        except msgspec.ValidationError:
            return f"{address} did not answer as a worker"
        return msgspec.structs.replace(found, unknown_because=[f"{address}: {why}" for why in found.unknown_because])

    def _unknown(self, silent: Mapping[Address, str]) -> Iterator[str]:
        """Why there may be more. Nobody need listen at the configured address, if workers are elsewhere."""
        yield from (why for address, why in silent.items() if not self._meant or address in self._meant)
        yield from (f"a worker was not asked: {why}" for why in sorted(set(self._places.unreachable.values())))


class FollowedWorkers:
    """Asks the worker at `worker.listen`, and all that Kafka sees as members of the groups, found anew now and then."""

    def __init__(self, settings: Settings, view: KnowsMembers, workers: Sequence[Address] = ()) -> None:
        """Does not reach out yet; `workers` are the only ones to be asked, if there are any."""
        self._settings: Final = settings
        self._view: Final = view
        self._workers: Final = workers
        self._asked = WorkersAttempts(settings, WorkerPlaces(()))
        self._unlisted_because = ""
        """Why the members of the groups are not known; empty if they are."""
        self._found_at = float("-inf")

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Find them if it is time, and ask all of them."""
        now = self._view.clock.monotonic()
        if now - self._found_at >= _FIND_EVERY_S:
            self._found_at = now
            self._find()
        found = self._asked.found(question)
        if not self._unlisted_because:
            return found
        return msgspec.structs.replace(found, unknown_because=[self._unlisted_because, *found.unknown_because])

    def _find(self) -> None:
        members: list[GroupMembers] = []
        self._unlisted_because = ""
        if not self._workers:
            try:
                members = self._view.members([one for one in self._settings.endpoints if not one.disabled])
            except BridgeError as error:
                self._unlisted_because = f"other workers are not known: {error}"
        first = self._workers or [self._settings.worker.listen]
        places = places_of(first, members, discovers=not self._workers)
        self._asked = WorkersAttempts(self._settings, places, self._workers)
