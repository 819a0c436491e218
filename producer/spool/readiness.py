"""What the intake says of itself when it has a spool: whether POSTs are taken, and what the spool holds."""

from typing import Protocol

from producer.preparation import Hindrance
from producer.spool.course import Course
from producer.spool.standing import SpoolStanding
from runtime.clock import Clock
from runtime.spool_status import SpoolStatus


class AskedLog(Protocol):
    """The events topic, which can be asked."""

    async def hindrance(self) -> Hindrance | None:
        """Why events cannot be written now; None if they can."""


class ForwardState(Protocol):
    """What takes the events from the spool to Kafka."""

    @property
    def waits_because(self) -> str:
        """Why the first events wait; empty if they do not."""

    @property
    def refused_because(self) -> str:
        """Why the first event cannot go to Kafka until somebody changes something; empty if it can."""


class SpoolReadiness:
    """Judges whether a POST would be answered 200 now."""

    def __init__(
        self, log: AskedLog, standing: SpoolStanding, forwarder: ForwardState, *, max_bytes: int, clock: Clock
    ) -> None:
        """Asks nobody yet; `max_bytes` is `intake.spool.max`."""
        self._kafka = log
        self._standing = standing
        self._forwarder = forwarder
        self._max_bytes = max_bytes
        self._clock = clock

    async def reasons(self) -> list[str]:
        """Why a POST would be answered 503, or why what was answered 200 cannot go on; empty if all is well."""
        course, obstacle = self._standing.course, self._standing.course.obstacle
        hindrance = await self._kafka.hindrance()
        found = []
        if hindrance is not None and (hindrance.is_refusal or obstacle is not None):
            found.append(hindrance.text)
        if obstacle is not None and (hindrance is not None or course.course() is not Course.STRAIGHT):
            found.append(obstacle.text)
        if self._forwarder.refused_because:
            found.append(self._forwarder.refused_because)
        return found

    def facts(self) -> dict[str, str]:
        """What stands beside the reasons."""
        return {"spool": self.status().text.removeprefix("spool: ")}

    def status(self) -> SpoolStatus:
        """What the spool holds."""
        amount, course = self._standing.amount, self._standing.course
        return SpoolStatus(
            events=None if amount is None else amount.records,
            used_bytes=None if amount is None else amount.used_bytes,
            disk_bytes=None if amount is None else amount.disk_bytes,
            max_bytes=self._max_bytes,
            oldest_age_s=self._age_s(),
            obstacle=course.obstacle.text if course.obstacle else "",
            waits_because=self._forwarder.waits_because if amount is not None and amount.records else "",
        )

    def _age_s(self) -> float | None:
        amount = self._standing.amount
        if amount is None or amount.oldest_ms is None:
            return None
        return max(0.0, self._clock.wall() - amount.oldest_ms / 1000)
