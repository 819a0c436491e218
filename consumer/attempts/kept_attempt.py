"""What became of one event in one attempt, as it is kept: small, made in a microsecond, told when somebody asks. Pure.

It holds what is there anyhow, and no record, which may be large.
"""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from consumer.attempts.event_attempt import EventAttempt
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.outcome import Answer, Outcome, Result, describe
from schemas import names

_LONGEST: Final = 512
"""Bytes of an id or a name: registries have shorter ones, and whoever can write to the topic can write any."""


class KeptAttempt(Struct, gc=False):
    """One event in one attempt."""

    began: float
    """Seconds since the epoch."""
    event_id: bytes | None
    topic: str
    partition: int
    offset: int
    repository: bytes | None
    kind: bytes | None
    """The header `ce_type`."""
    number: int
    outcome: Outcome
    result: Result
    seconds: float
    next_try_s: float | None
    answer: str | None
    """The text of the answer; None if it is no longer kept."""

    def is_of(self, event_id: bytes, place: str) -> bool:
        """Whether it is of this event, or of the record at this PARTITION:OFFSET."""
        return self.event_id == event_id or place == f"{self.partition}:{self.offset}"

    def shown(self, endpoint: str) -> EventAttempt:
        """All that is known of it."""
        action = _text(self.kind)
        answered = isinstance(self.result, Answer) or self.outcome is Outcome.DELIVERED
        return EventAttempt(
            endpoint=endpoint,
            time=datetime.fromtimestamp(self.began, UTC),
            event_id=_text(self.event_id),
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            repository=_text(self.repository),
            action=action.removeprefix(names.TYPE_PREFIX) if action else action,
            number=self.number,
            outcome=self.outcome.value,
            status=self.result.status if isinstance(self.result, Answer) else None,
            error="" if answered else describe(self.result),
            seconds=self.seconds,
            next_try_s=self.next_try_s,
            answer=self.answer,
        )


def kept_attempts_of(attempt: Attempt) -> list[KeptAttempt]:
    """The attempt as each of its events saw it."""
    result, answer = attempt.result, ""
    if isinstance(result, Answer) and result.text:
        result, answer = Answer(result.status), result.text  # so that the text can go before the attempt
    found = []
    for delivery in attempt.deliveries:
        record = delivery.record
        told = dict(record.headers)
        found.append(
            KeptAttempt(
                delivery.last_try or 0.0,
                _cut(told.get(names.CE_ID)),
                record.topic,
                record.partition,
                record.offset,
                _cut(told.get(names.CE_SUBJECT)),
                _cut(told.get(names.CE_TYPE)),
                attempt.number,
                attempt.outcome,
                result,
                attempt.seconds,
                attempt.next_try_s,
                answer,
            )
        )
    return found


def event_attempts_of(endpoint: str, attempt: Attempt) -> list[EventAttempt]:
    """The same, shown."""
    return [kept.shown(endpoint) for kept in kept_attempts_of(attempt)]


def _cut(value: bytes | None) -> bytes | None:
    return value if value is None or len(value) <= _LONGEST else value[:_LONGEST]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")
