"""Attempts, found wherever they are kept, for `attempts` and `explain`. Never fails: what does not answer is named."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from msgspec import structs

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.operations.log_view import LogView
from consumer.operations.topic_attempts import FollowedTopicAttempts, TopicAttempts
from runtime.config import Settings
from runtime.config.addresses import Address
from runtime.http.get_json import NoAnswerError, ask


class AttemptSource(Protocol):
    """Keeps attempts."""

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Those that are asked for; blocks."""
        ...


class WorkerAttempts:
    """The attempts that a worker has in memory."""

    def __init__(self, address: Address) -> None:
        """It listens at this address."""
        self._address: Final = address

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Ask the worker; two seconds at most for each step."""
        try:
            answer = ask(self._address, f"/attempts?{question.query}")
            found = msgspec.convert(answer, FoundAttempts)
        except NoAnswerError as error:
            return FoundAttempts(unknown_because=[str(error)])
        except msgspec.ValidationError:
            return FoundAttempts(unknown_because=[f"{self._address} did not answer as a worker"])
        return structs.replace(found, unknown_because=[f"{self._address}: {why}" for why in found.unknown_because])


class AllAttempts:
    """The attempts of several sources."""

    def __init__(self, sources: Sequence[AttemptSource]) -> None:
        """They are asked one after another."""
        self._sources: Final = sources

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Ask all of them; an attempt that several keep is found once."""
        return merged(question, [source.found(question) for source in self._sources])


def known_attempts(settings: Settings, view: LogView) -> AllAttempts:
    """All that can be asked: the worker at `worker.listen`, and the topic of attempts, if there is one."""
    kept = settings.worker.attempts
    return AllAttempts([WorkerAttempts(settings.worker.listen), *([TopicAttempts(view, kept.topic)] if kept else [])])


def followed_attempts(settings: Settings, view: LogView) -> AllAttempts:
    """The same, for whoever asks again and again."""
    kept = settings.worker.attempts
    topic = [FollowedTopicAttempts(view, kept.topic)] if kept else []
    return AllAttempts([WorkerAttempts(settings.worker.listen), *topic])
