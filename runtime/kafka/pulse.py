"""The pulse: asks Kafka again and again whether it is there, once for all of a process, on a thread of its own.

What the clients notice by themselves is not enough: over a connection to a frozen broker nothing comes, no error
either, and a consumer without a coordinator goes on waiting for ever.
"""

import threading
from typing import Final, Protocol

from runtime.clock import Clock
from runtime.errors import BridgeError
from runtime.kafka.reachability import LIMIT_S, Reachability

_STUCK_AFTER_S: Final = 30.0
"""A question has a limit of its own, of 3 s."""


class Cluster(Protocol):
    """A Kafka cluster that can be asked whether it answers."""

    def ping(self, topic: str, timeout_s: float) -> None:
        """Return when a broker has answered for this topic.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: none has within the time, and why.
        """


class PulseListener(Protocol):
    """Learns on the pulse's thread when Kafka goes away and comes back."""

    def changed(self, unreachable_because: str) -> None:
        """Kafka is away, and why; or back, if it is empty."""


class Pulse:
    """Whether Kafka answers this process; stop it."""

    def __init__(self, cluster: Cluster, topic: str, clock: Clock, listener: PulseListener | None = None) -> None:
        """Not started yet; `topic` is what the cluster is asked about."""
        self._cluster = cluster
        self._topic = topic
        self._clock = clock
        self._listener = listener
        self._state = Reachability(clock.monotonic())
        self._asked_at: float | None = None
        """When the question under way was put (monotonic), if one is."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka-pulse", daemon=True)

    @property
    def unreachable_because(self) -> str:
        """Why Kafka does not answer; empty while it does, and until more is known."""
        return self._state.unreachable_because or self._stuck_because

    @property
    def is_up(self) -> bool | None:
        """Whether Kafka answers; None before anything is known."""
        return False if self._stuck_because else self._state.is_up

    @property
    def _stuck_because(self) -> str:
        """Whether nothing is known any more since one question does not end."""
        if self._asked_at is None or self._clock.monotonic() - self._asked_at < _STUCK_AFTER_S:
            return ""
        return f"the question whether it answers has not ended within {_STUCK_AFTER_S:g} s"

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more. Does not wait for the question under way."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._ask()
            self._stopping.wait(self._state.pause_s)

    def _ask(self) -> None:
        was_unreachable = bool(self._state.unreachable_because)
        self._asked_at = self._clock.monotonic()
        try:
            self._cluster.ping(self._topic, LIMIT_S)
        except BridgeError as error:
            self._state.failed(str(error), self._clock.monotonic())
        else:
            self._state.answered(self._clock.monotonic())
        finally:
            self._asked_at = None
        if self._listener is not None and was_unreachable != bool(self._state.unreachable_because):
            self._listener.changed(self._state.unreachable_because)
