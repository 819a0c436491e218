"""The next step at an endpoint whose breaker is open, for who reads `status` for the first time."""

from collections.abc import Sequence
from shlex import quote

from consumer.operations.status import EndpointStatus


def next_step(statuses: Sequence[EndpointStatus]) -> str:
    """What to look at and what to do about open breakers, in a line; empty if none is open.

    One that an operator holds is open on purpose: nothing is tried there before the pause ends.
    """
    names = [one.endpoint for one in statuses if one.breaker == "open" and not (one.paused or one.disabled)]
    if not names:
        return ""
    endpoint = f"--endpoint {quote(names[0]) if len(names) == 1 else 'E'}"
    return (
        f"breaker open at {', '.join(names)}: registry-worker attempts {endpoint} --failed shows what it answered, "
        f"registry-worker test {endpoint} sends it a test event; when it is mended, registry-worker resume {endpoint} "
        "tries it at once"
    )
