"""Breakers with a fault each, as they would be easy to write."""

from consumer.delivery.policy.breaker import Breaker


class OpensForAll(Breaker):
    """Refusals of one repository hold up all others."""

    def not_delivered(self, now: float, *, is_probe: bool, rejected: bool) -> bool:
        """An attempt was not delivered."""
        del rejected
        return super().not_delivered(now, is_probe=is_probe, rejected=False)


class StaysClosedForRefusals(Breaker):
    """An endpoint that answers is up, whatever it answers."""

    def not_delivered(self, now: float, *, is_probe: bool, rejected: bool) -> bool:
        """An attempt was not delivered."""
        return not rejected and super().not_delivered(now, is_probe=is_probe, rejected=rejected)


class OverlooksAnOutage(Breaker):
    """An endpoint that refused once is thought to refuse, whatever comes then."""

    def not_delivered(self, now: float, *, is_probe: bool, rejected: bool) -> bool:
        """An attempt was not delivered."""
        refused = self.streak > 0 and self._only_rejected
        return super().not_delivered(now, is_probe=is_probe, rejected=rejected or refused)


class WaitsOnAfterRefusals(Breaker):
    """The waits of the refusals go on when the endpoint is away."""

    def not_delivered(self, now: float, *, is_probe: bool, rejected: bool) -> bool:
        """An attempt was not delivered."""
        probes, next_probe, was_open = self._probes, self._next_probe, self.is_open
        changed = super().not_delivered(now, is_probe=is_probe, rejected=rejected)
        if changed and was_open:
            self._probes, self._next_probe = probes, next_probe
        return changed


class ProbesAtOnce(Breaker):
    """What is refused after a quiet night is probed in the same second."""

    def probe_missed(self, now: float) -> None:
        """Does nothing."""
