"""An admin client that gets no answer for long is replaced."""

from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from runtime.kafka.admin_clients import RENEW_AFTER_S, AdminClients
from runtime.kafka.connection_faults import ConnectionFaults
from tests.kit.still_clock import StillClock


class Opened:
    """Counts the clients."""

    def __init__(self) -> None:
        self.settings: list[dict[str, Any]] = []
        self.is_refused = False
        """As without a file of the settings."""

    def __call__(self, settings: dict[str, Any]) -> AdminClient:
        """One more."""
        self.settings.append(settings)
        if self.is_refused:
            raise KafkaException(KafkaError(KafkaError._INVALID_ARG, "ssl.ca.location failed"))
        return cast("AdminClient", object())


def test_one_without_an_answer_for_half_a_minute_is_replaced() -> None:
    """And again after another one, as long as there is none."""
    clock, opened = StillClock(), Opened()
    clients = AdminClients({"bootstrap.servers": "h"}, clock, ConnectionFaults(), open_client=opened)
    first = clients.current
    for _ in range(int(RENEW_AFTER_S)):
        clients.unanswered()
        assert first is clients.current
        clock.now += 1.0
    clients.unanswered()
    assert first is not clients.current
    assert [{"bootstrap.servers": "h"}] * 2 == opened.settings
    for _ in range(int(4 * RENEW_AFTER_S)):
        clock.now += 1.0
        clients.unanswered()
    assert 6 == len(opened.settings)


def test_an_answer_begins_the_time_anew() -> None:
    """One question that fails is no silence."""
    clock, opened = StillClock(), Opened()
    clients = AdminClients({}, clock, ConnectionFaults(), open_client=opened)
    for _ in range(10):
        clients.unanswered()
        clock.now += RENEW_AFTER_S - 1.0
        clients.answered()
        clock.now += 5.0
    assert 1 == len(opened.settings)


def test_one_is_kept_until_another_one_can_be_opened() -> None:
    """Each question without an answer tries to, and names what is in the way."""
    clock, opened, faults = StillClock(), Opened(), ConnectionFaults()
    clients = AdminClients({}, clock, faults, open_client=opened)
    first, opened.is_refused = clients.current, True
    clients.unanswered()
    clock.now += RENEW_AFTER_S
    for _ in range(3):
        clients.unanswered()
    assert first is clients.current
    assert "ssl.ca.location failed" == faults.cause
    assert 4 == len(opened.settings)
    opened.is_refused = False
    clients.unanswered()
    assert first is not clients.current
