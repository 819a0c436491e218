"""How often a redrive tries one letter. Pure."""

from consumer.delivery.policy.attempts import Reason, Tries
from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.policy.retry_after import backoff_s
from runtime.config import EndpointSettings


class RedriveTries(Tries):
    """A letter that is rejected or fails again stays open at once; an endpoint that is away gets `attempts` tries.

    Nothing is given up by that: the letter is still there for the next run.
    """

    __slots__ = ()

    def count(
        self, outcome: Outcome, *, attempts: int, deliveries: int, window_full: bool, single: bool = False
    ) -> Reason | None:
        """Count a try that was not delivered; the reason to leave the letter, or None."""
        del deliveries, window_full, single
        self.made += 1
        if outcome is Outcome.REJECTED:
            return Reason.REJECTED
        return Reason.EXHAUSTED if outcome is Outcome.FAILED or self.made >= attempts else None


def patience_s(endpoint: EndpointSettings) -> float:
    """How long one letter's tries take at least: an endpoint that delivers nothing for so long is away, in seconds."""
    waits = range(1, endpoint.attempts)
    return sum(backoff_s(n, first_s=endpoint.backoff_s, most_s=endpoint.max_backoff_s, jitter=0.0) for n in waits)
