"""Thresholds for scripts: whether events wait more, or longer, than they may; unknown is no success."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from consumer.operations.status import EndpointStatus
from runtime.units import format_duration

EXCEEDED: Final = 3
"""Exit status: an endpoint is above a threshold."""
UNKNOWN_VALUE: Final = 4
"""Exit status: none is known to be, and of one it cannot be known."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is above a threshold, and what cannot be known, a sentence each."""

    exceeded: Sequence[str] = field(default_factory=list)
    unknown: Sequence[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """For a script."""
        return EXCEEDED if self.exceeded else UNKNOWN_VALUE if self.unknown else 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is too much; None is not looked at."""

    lag: int | None = None
    age_s: float | None = None

    @property
    def are_given(self) -> bool:
        """Whether there are any."""
        return self.lag is not None or self.age_s is not None

    def judge(self, statuses: Sequence[EndpointStatus]) -> Judgement:
        """Of each endpoint that is enabled."""
        exceeded, unknown = [], []
        for status in (one for one in statuses if not one.disabled):
            if self.lag is not None and status.lag > self.lag:
                exceeded.append(f"endpoint {status.endpoint}: lag {status.lag} is above {self.lag} (--fail-if-lag)")
            if self.age_s is None:
                continue
            if status.oldest_age_s is None and status.lag:
                unknown.append(
                    f"endpoint {status.endpoint}: the age of its oldest event cannot be known (--fail-if-age)"
                )
            elif (status.oldest_age_s or 0.0) > self.age_s:
                age = format_duration(float(round(status.oldest_age_s or 0.0)))
                limit = format_duration(self.age_s)
                exceeded.append(
                    f"endpoint {status.endpoint}: its oldest event waits for {age}, above {limit} (--fail-if-age)"
                )
        return Judgement(exceeded, unknown)
