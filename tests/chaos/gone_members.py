"""Members that Kafka keeps in a group although their process is gone: a fault of Kafka's own (docs/kafka.md). Pure.

Nobody but the broker can end their sessions, so what they have is served by nobody, whatever the bridge does.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from broker.ports import LOOPBACK
from tests.chaos.facts import Life

LONG_GONE_S: Final = 60.0
"""Six sessions (`broker.storage`)."""


def gone_members(members: Iterable[str], lives: Iterable[Life], ports: Mapping[str, int], now: float) -> list[str]:
    """Those of workers of which no process has run for long.

    Args:
        members: a line for each, as `Topics.members` writes them.
        lives: of all processes.
        ports: where each process listens, which its members tell.
        now: the time of the run.
    """
    lives = list(lives)
    here = {life.process for life in lives if life.ended is None or now - life.ended < LONG_GONE_S}
    gone = [f"@{LOOPBACK}:{ports[name]} " for name in {life.process for life in lives} - here]
    return [member for member in members if any(address in member for address in gone)]
