"""Closing clients of Kafka: it waits for answers that may never come, so it has a limit."""

from typing import Final, Protocol

import structlog

from runtime.side_threads import SideThreads

_log: Final = structlog.get_logger(__name__)

CLOSE_LIMIT_S: Final = 2.0
"""For a client that is a member of no group: it has nothing to commit, and nobody to leave."""


class Closable(Protocol):
    """A client that is closed by a blocking call."""

    def close(self) -> None:
        """Close it."""


def close_in_time(client: Closable, limit_s: float = CLOSE_LIMIT_S) -> bool:
    """Close a client on a thread of its own, and wait so long at most; whether it is closed.

    Raises:
        Exception: whatever its closing raised in time.
    """
    closing = SideThreads(1, "kafka-closing").submit(client.close)
    try:
        closing.result(limit_s)
    except TimeoutError:
        _log.debug("kafka.client_not_closed", limit_s=limit_s)
        return False
    return True
