"""An admin client that gets no answer for long is replaced."""

from typing import Any, cast

from confluent_kafka.admin import AdminClient

from runtime.kafka.admin_clients import RENEW_AFTER_S, AdminClients
from tests.kit.still_clock import StillClock


class Opened:
    """Counts the clients."""

    def __init__(self) -> None:
        self.settings: list[dict[str, Any]] = []

    def __call__(self, settings: dict[str, Any]) -> AdminClient:
        """One more."""
        self.settings.append(settings)
        return cast("AdminClient", object())


def test_one_without_an_answer_for_half_a_minute_is_replaced() -> None:
    """And again after another one, as long as there is none."""
    clock, opened = StillClock(), Opened()
    clients = AdminClients({"bootstrap.servers": "h"}, clock, open_client=opened)
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
    clients = AdminClients({}, clock, open_client=opened)
    for _ in range(10):
        clients.unanswered()
        clock.now += RENEW_AFTER_S - 1.0
        clients.answered()
        clock.now += 5.0
    assert 1 == len(opened.settings)
