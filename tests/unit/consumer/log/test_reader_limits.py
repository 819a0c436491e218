"""When a consumer is given up."""

from consumer.log.reader_limits import LIMIT_S, ReaderLimits


def test_silence_has_an_end() -> None:
    """After a minute without an answer, though the consumer was a member; each answer begins a new minute."""
    limits = ReaderLimits(0.0)
    limits.answered(50.0)
    limits.admitted(100.0)
    assert limits.fault(50.0 + LIMIT_S) == ""
    assert limits.fault(51.0 + LIMIT_S) == "Kafka has not answered for 60 s"


def test_waiting_for_admission_has_an_end() -> None:
    """Though Kafka answers: a group may be full, or have forgotten a consumer."""
    limits = ReaderLimits(0.0)
    limits.answered(LIMIT_S)
    assert limits.fault(LIMIT_S) == ""
    assert limits.fault(1.0 + LIMIT_S) == "the group has not admitted the consumer for 60 s"
    limits.admitted(LIMIT_S)
    assert limits.fault(1.0 + LIMIT_S) == ""
