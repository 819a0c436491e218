"""Settings of the bridge's own, however they are written."""

import pytest
from confluent_kafka import Consumer, Producer

from runtime.kafka.own_settings import OWN_SETTINGS, own_setting
from runtime.kafka.settings import consumer_settings, producer_settings


@pytest.mark.parametrize("name", ["acks", "topic.acks", "ACKS", " acks "])
def test_a_name_is_known_however_it_is_written(name: str) -> None:
    """The client library takes some of these spellings, and a reader takes all of them for the setting."""
    assert "acks" == own_setting(name)


def test_other_settings_are_free() -> None:
    """What the bridge does not set over the user's is none of its own."""
    assert {""} == {own_setting(name) for name in ("linger.ms", "fetch.max.bytes", "topic.", "")}


@pytest.mark.parametrize("kind", [Producer, Consumer])
def test_what_stands_over_the_users_settings_is_the_bridges_own(kind: type) -> None:
    """No setting is overridden without a word: each that cannot be changed is refused before."""
    given = dict.fromkeys(FREE, "theirs")
    made = (
        producer_settings(given, client_id="c", max_record_bytes=1, message_timeout_s=1.0)
        if kind is Producer
        else consumer_settings(given, client_id="c", group="g", max_record_bytes=1)
    )
    over = {name for name, value in made.items() if value != "theirs"} - OWN_SETTINGS.keys()
    assert {"logger"} <= over <= {"logger", "group.protocol"}


FREE = {
    *producer_settings({}, client_id="c", max_record_bytes=1, message_timeout_s=1.0),
    *consumer_settings({}, client_id="c", group="g", max_record_bytes=1),
}
"""All that the bridge sets for its clients, whether the user may or not."""
