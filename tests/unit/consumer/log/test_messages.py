"""Errors of Kafka's client in an operator's words."""

from confluent_kafka import KafkaError

from consumer.log.messages import text_of

FATAL = KafkaError._FATAL


def test_the_clients_words_and_code() -> None:
    """As they are, where they name the cause."""
    error = KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED, "Broker: Group authorization failed")
    assert text_of(error) == "Broker: Group authorization failed (GROUP_AUTHORIZATION_FAILED)"


def test_a_group_of_the_other_protocol_is_named() -> None:
    """Kafka 4 says that a group does not exist when it does not convert one that has members."""
    refused = "Broker: The group id does not exist"
    said = f"Fatal error: {refused}: ConsumerGroupHeartbeat fatal error: {refused}"
    text = text_of(KafkaError(FATAL, said))
    assert text.startswith("workers of the group protocol classic are members of the group")
    assert text.endswith(f": {said} (_FATAL)")
