"""The policy of a redrive: how often one letter is tried. Pure."""

from typing import Final

from consumer.delivery.policy.attempts import Reason
from consumer.delivery.policy.outcome import Outcome
from consumer.lanes.delivery import Tries
from runtime.backoff import Backoff
from runtime.config import EndpointSettings


class RedrivePolicy:
    """A letter that is rejected or fails again stays open at once; an endpoint that is away gets `attempts` tries.

    Nothing is given up by that: the letter is still there for the next run.
    """

    def __init__(self, attempts: int) -> None:
        """`attempts`: how many tries a letter has."""
        self._attempts: Final = attempts

    def count(
        self, tries: Tries, outcome: Outcome, *, deliveries: int, window_full: bool, final_try: bool
    ) -> Reason | None:
        """Count a try that was not delivered; the reason to leave the letter, or None."""
        del deliveries, window_full, final_try
        tries.made += 1
        if outcome is Outcome.REJECTED:
            return Reason.REJECTED
        return Reason.EXHAUSTED if outcome is Outcome.FAILED or tries.made >= self._attempts else None


def patience_s(endpoint: EndpointSettings, backoff: Backoff) -> float:
    """How long one letter's tries take at least: an endpoint that delivers nothing for so long is away, in seconds."""
    return sum(map(backoff.at_least, range(1, endpoint.attempts)))
