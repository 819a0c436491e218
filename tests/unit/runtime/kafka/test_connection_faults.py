"""What a client says of its connections, as an operator reads it."""

import pytest
from confluent_kafka import KafkaError

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError, translated
from tests.kit.still_clock import StillClock

TRANSPORT = KafkaError._TRANSPORT
REFUSED = "127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state CONNECT)"
REFUSED_PLAINLY = "127.0.0.1:9: Connect to ipv4#127.0.0.1:9 failed: Connection refused"


def faults_of(*texts: str, clock: StillClock | None = None) -> ConnectionFaults:
    """What is known when a client has said this."""
    faults = ConnectionFaults(clock or StillClock())
    for text in texts:
        faults.note(KafkaError(TRANSPORT, text))
    return faults


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (REFUSED, REFUSED_PLAINLY),
        (REFUSED.replace("CONNECT)", "CONNECT, 4 identical error(s) suppressed)"), REFUSED_PLAINLY),
        (
            (
                "ssl://kafka-1:9092/2: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?"
                " (after 9ms in state SSL_HANDSHAKE)"
            ),
            "kafka-1:9092: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?",
        ),
        (
            (
                "sasl_ssl://[::1]:9092/bootstrap: SASL authentication error: Authentication failed"
                " (after 300ms in state AUTH_REQ)"
            ),
            "[::1]:9092: SASL authentication error: Authentication failed",
        ),
        ("something else", "something else"),
    ],
)
def test_the_text_is_the_clients_without_times_and_counts(said: str, told: str) -> None:
    """So the same cause is the same text, however often it is met."""
    assert told == faults_of(said).cause


@pytest.mark.parametrize(
    "vague",
    [
        "1/1 brokers are down",
        "127.0.0.1:9/1: Disconnected: connection closed by peer: receive 0 after POLLIN (after 4891ms in state UP)",
        "ssl://127.0.0.1:9/bootstrap: Disconnected: SSL connection closed by peer (after 9ms in state SSL_HANDSHAKE)",
        "127.0.0.1:9/1: 1 request(s) timed out: disconnect (average rtt 1.2ms) (after 60ms in state UP)",
    ],
)
def test_what_says_nothing_displaces_no_cause(vague: str) -> None:
    """That a connection is gone is told only while nobody knows why."""
    assert REFUSED_PLAINLY == faults_of(REFUSED, vague).cause
    assert faults_of(vague).cause
    assert REFUSED_PLAINLY == faults_of(vague, REFUSED).cause


def test_a_cause_is_over_when_kafka_answers_or_nothing_is_said_any_more() -> None:
    """A client without a connection says so at least every second."""
    clock = StillClock()
    faults = faults_of(REFUSED, clock=clock)
    clock.sleep(30.0)
    assert REFUSED_PLAINLY == faults.cause
    clock.sleep(0.1)
    assert not faults.cause
    faults = faults_of(REFUSED)
    faults.forget()
    assert not faults.cause


def test_an_error_without_an_answer_names_the_cause() -> None:
    """What the broker itself answered is told as it is."""
    silent = KafkaError(TRANSPORT, "Failed to get metadata: Local: Broker transport failure")
    error = translated(silent, "reading", fault="refused")
    assert (KafkaUnavailableError, "reading: refused") == (type(error), str(error))
    assert "Failed to get metadata: Local: Broker transport failure (_TRANSPORT)" in str(translated(silent, "reading"))
    denied = translated(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), "reading", fault="refused")
    assert isinstance(denied, KafkaRefusedError)
    assert "refused" not in str(denied)
