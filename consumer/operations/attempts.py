"""Attempts, found wherever they are kept, for `attempts` and `explain`. Never fails: what does not answer is named."""

from collections.abc import Sequence
from typing import Final, Protocol

from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.operations.log_view import LogView
from consumer.operations.topic_attempts import FollowedTopicAttempts, TopicAttempts
from consumer.operations.worker_attempts import FollowedWorkers, WorkersAttempts
from consumer.operations.workers import WorkerPlaces
from runtime.config import Settings
from runtime.config.addresses import Address


class AttemptSource(Protocol):
    """Keeps attempts."""

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Those that are asked for; blocks."""
        ...


class AllAttempts:
    """The attempts of several sources."""

    def __init__(self, sources: Sequence[AttemptSource]) -> None:
        """They are asked one after another."""
        self._sources: Final = sources

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """Ask all of them; an attempt that several keep is found once."""
        return merged(question, [source.found(question) for source in self._sources])


def known_attempts(settings: Settings, view: LogView, places: WorkerPlaces) -> AllAttempts:
    """All that can be asked: the workers that were found, and the topic of attempts, if there is one."""
    kept = settings.worker.attempts
    topic = [TopicAttempts(view, kept.topic)] if kept else []
    return AllAttempts([WorkersAttempts(settings, places), *topic])


def followed_attempts(settings: Settings, view: LogView, workers: Sequence[Address]) -> AllAttempts:
    """The same, for whoever asks again and again; `workers` are the only ones to be asked, if there are any."""
    kept = settings.worker.attempts
    topic = [FollowedTopicAttempts(view, kept.topic)] if kept else []
    return AllAttempts([FollowedWorkers(settings, view, workers), *topic])
