"""How often a redrive tries a letter, and for how long an endpoint may be away."""

import pytest

from consumer.dead_letters.redrive_policy import RedrivePolicy, patience_s
from consumer.delivery.policy.outcome import Outcome
from consumer.lanes.delivery import Tries
from runtime.backoff import Backoff
from runtime.config import EndpointSettings


@pytest.mark.parametrize(
    ("outcome", "tries"), [(Outcome.REJECTED, 1), (Outcome.FAILED, 1), (Outcome.UNAVAILABLE, 4), (Outcome.THROTTLED, 4)]
)
def test_tries(outcome: Outcome, tries: int) -> None:
    """Rejected or failed again: left at once; unavailable or throttled: after `attempts` tries."""
    made, policy = Tries(), RedrivePolicy(4)
    for number in range(1, tries + 1):
        reason = policy.count(made, outcome, deliveries=0, window_full=False, final_try=False)
        assert (reason is not None) is (number == tries)
    assert made.made == tries


def test_patience_is_one_letters_waits() -> None:
    """1 + 2 + 4 + 4 seconds for five tries with a backoff of 1 s up to 4 s."""
    endpoint = EndpointSettings(name="e", url="http://h/", backoff_s=1.0, max_backoff_s=4.0, attempts=5)
    assert patience_s(endpoint, Backoff(1.0, 4.0, lambda: 0.9)) == 11.0
