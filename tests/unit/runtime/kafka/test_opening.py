"""A client that cannot be opened is missed once in the log, and again and again by whoever needs it."""

from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.opening import another
from runtime.news import News


class Opening:
    """Opens what it is told to, or raises it."""

    def __init__(self) -> None:
        self.found: str | KafkaException = "client"

    def __call__(self) -> str:
        """One more."""
        if isinstance(self.found, KafkaException):
            raise self.found
        return self.found


def refusal(code: int, text: str) -> KafkaException:
    """As the client's constructors raise it."""
    return KafkaException(KafkaError(code, text))


def test_what_is_in_the_way_is_logged_once_until_it_is_gone() -> None:
    """And it is the connection's fault meanwhile."""
    opening, faults, news = Opening(), ConnectionFaults(), News()
    with capture_logs() as lines:
        assert "client" == another(opening, faults, news)
        assert "" == faults.cause
        opening.found = refusal(KafkaError._INVALID_ARG, "ssl.ca.location failed")
        assert [None] * 3 == [another(opening, faults, news) for _ in range(3)]
        assert "ssl.ca.location failed" == faults.cause
        opening.found = "client"
        assert "client" == another(opening, faults, news)
        opening.found = refusal(KafkaError._INVALID_ARG, "ssl.ca.location failed")
        assert another(opening, faults, news) is None
    consequence = "it is tried again until it can be opened"
    line = {
        "event": "kafka.client_not_opened",
        "log_level": "error",
        "reason": "ssl.ca.location failed",
        "consequence": consequence,
    }
    assert [line] * 2 == lines
