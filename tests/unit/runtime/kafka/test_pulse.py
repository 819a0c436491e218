"""The pulse of Kafka: what it says while a question does not end."""

import threading

from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.pulse import Pulse
from tests.kit import eventually
from tests.kit.still_clock import StillClock


class Cluster:
    """Answers, until it holds a question back."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.may_answer.set()

    def ping(self, topic: str, timeout_s: float) -> None:
        """Answer, sooner or later."""
        self.asked.release()
        if not self.may_answer.wait(60.0):
            raise KafkaUnavailableError(f"asking for {topic}: no answer within {timeout_s:g} s")


def test_a_question_that_does_not_end_is_no_answer() -> None:
    """Half a minute after it was put nothing is known any more; with its answer all is well again."""
    cluster, clock = Cluster(), StillClock()
    pulse = Pulse(cluster, "events", clock)
    assert (None, "") == (pulse.is_up, pulse.unreachable_because)
    pulse.start()
    eventually(lambda: pulse.is_up is True)
    cluster.may_answer.clear()
    while cluster.asked.acquire(blocking=False):
        pass
    assert cluster.asked.acquire(timeout=60.0)
    assert "" == pulse.unreachable_because
    clock.now += 31.0
    assert pulse.is_up is False
    assert "has not ended within 30 s" in pulse.unreachable_because
    cluster.may_answer.set()
    eventually(lambda: (pulse.is_up, pulse.unreachable_because) == (True, ""))
    pulse.stop()
