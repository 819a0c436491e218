"""Whether Kafka answers: a judgement over what single questions found. Pure.

One question that fails is no outage: a broker restarts, a connection is renewed. Kafka is away when none was answered
for `AWAY_AFTER_S`, and there again with the first answer.
"""

from typing import Final

EVERY_S: Final = 2.0
"""Between two questions while Kafka answers."""
AGAIN_S: Final = 1.0
"""Between two questions while it does not."""
LIMIT_S: Final = 3.0
"""How long one question waits. A frozen broker is seen by this alone: its connections stay open."""
AWAY_AFTER_S: Final = 8.0
"""Without an answer. With a question under way at that moment, and the pause before it, Kafka is away 12 s at most
after it fell silent: readiness promises 15 s."""


class Reachability:
    """The state of one cluster as one client finds it."""

    def __init__(self, now: float) -> None:
        """Nobody has asked yet; `now` monotonic, as everywhere here."""
        self._answered_at = now
        self._was_answered = False
        self.unreachable_because = ""
        """Why Kafka does not answer; empty while it does."""

    @property
    def is_up(self) -> bool | None:
        """Whether Kafka answers; None before anything is known."""
        if self.unreachable_because:
            return False
        return True if self._was_answered else None

    @property
    def pause_s(self) -> float:
        """How long to wait until the next question."""
        return EVERY_S if self.is_up else AGAIN_S

    def answered(self, now: float) -> None:
        """A question was answered."""
        self._answered_at, self._was_answered, self.unreachable_because = now, True, ""

    def failed(self, cause: str, now: float) -> None:
        """A question was not answered, and why as far as it is known."""
        if now - self._answered_at >= AWAY_AFTER_S:
            self.unreachable_because = cause
