"""Acts of an operator on an endpoint at work: a pause, its end, and a try at once. Knows not who asks for them."""

from typing import Final

from consumer.delivery.owner import Wakes
from consumer.delivery.policy.gate import Gate
from consumer.endpoint.monitor import Monitor
from consumer.lanes.lanes import Lanes
from runtime.clock import Clock
from runtime.pauses import Pause


class Acts:
    """What can be done to one endpoint, on its event loop."""

    def __init__(self, gate: Gate, lanes: Lanes, monitor: Monitor, wakeup: Wakes, clock: Clock) -> None:
        """Nothing is done yet."""
        self._gate: Final = gate
        self._lanes: Final = lanes
        self._monitor: Final = monitor
        self._wakeup: Final = wakeup
        self._clock: Final = clock

    @property
    def pause(self) -> Pause | None:
        """The pause in which the endpoint is held, if it is."""
        return self._gate.pause

    def hold(self, pause: Pause | None) -> None:
        """Start no request in this pause; None: go on. What is in flight ends; nothing is lost or repeated by that."""
        if pause == self._gate.pause:
            return
        self._gate.pause = pause
        if pause is None:
            self._monitor.resumed()
        else:
            self._monitor.paused(pause)
        self._wakeup.wake()

    def try_now(self) -> bool:
        """Wait no longer: for the next probe of an open breaker, for Retry-After, for the next try of an event.

        Returns:
            Whether anything waited for that.
        """
        now = self._clock.monotonic()
        due = self._lanes.next_due(now)
        waited = self._gate.breaker.is_open or self._gate.retry_after_until > now or due is not None
        self._gate.probe_now(now)
        self._lanes.hurry(now)
        self._wakeup.wake()
        return waited
