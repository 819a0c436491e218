"""What a Kafka sink is made with, looked at before anything is begun: an argument that cannot be used is named."""

from collections.abc import Iterator
from typing import Any, Final

from runtime.config.broker_list import broker_list_fault, shown_brokers
from runtime.config.faults import one_line, quoted
from runtime.config.names import topic_fault
from runtime.config.secrets import is_secret_kafka_setting
from runtime.http.client import ClientSettingsError
from runtime.kafka.own_settings import own_setting
from runtime.kafka.settings import ClientSettings
from runtime.kafka.trial import property_refusal, refusals
from runtime.kafka.writer import LEAST_LIMIT_S
from schemas.names import LABEL, LABEL_FORM

LONGEST_TIMEOUT_S: Final = 3600.0
"""A write that nobody hears of for longer has failed, whatever Kafka says later."""
_SERVERS: Final = "bootstrap.servers"
_OF_THE_SINK: Final = frozenset({"error_cb", "logger", "on_delivery"})
"""Settings that are program code, and the sink's own."""


def require_usable(
    kafka_settings: ClientSettings, *, topic: str, registry: str, timeout: float, max_record_bytes: int
) -> None:
    """Return if a sink can be made of all of them; connects to nothing.

    Args:
        kafka_settings: librdkafka settings.
        topic: the events topic.
        registry: the label, or empty.
        timeout: seconds that a write may take.
        max_record_bytes: the largest record that will be written.

    Raises:
        ClientSettingsError: one of them cannot be used; the text names it, without secrets.
    """
    if fault := topic_fault(topic):
        raise ClientSettingsError(f"topic: {quoted(topic)} {fault}")
    if registry and not LABEL.fullmatch(registry):
        raise ClientSettingsError(f"registry: {quoted(registry)} is not a label; write {LABEL_FORM}")
    if not _is_timeout(timeout):
        allowed = f"a number of seconds from {LEAST_LIMIT_S:g} to {LONGEST_TIMEOUT_S:g}"
        raise ClientSettingsError(f"timeout: {one_line(repr(timeout))} is not {allowed}")
    faults = [*_faults(kafka_settings)] or [*_faults_together(kafka_settings, timeout, max_record_bytes)]
    if faults:
        raise ClientSettingsError(f"kafka_settings: {'; '.join(faults)}")


def _is_timeout(timeout: Any) -> bool:
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    return is_number and LEAST_LIMIT_S <= timeout <= LONGEST_TIMEOUT_S


def _texts(settings: ClientSettings) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items() if not callable(value)}


def _faults(settings: ClientSettings) -> Iterator[str]:
    """What is wrong with one setting by itself."""
    for name in settings:
        if name == "metadata.broker.list":
            yield f"{name}: is not a known key; did you mean {_SERVERS}?"
        elif own_setting(name) or name in _OF_THE_SINK:
            yield f"{name}: is set by the sink itself; leave it out"
    texts = _texts(settings)
    if _SERVERS not in texts:
        yield f"{_SERVERS}: is missing; write the brokers, e.g. 127.0.0.1:9092"
    elif fault := broker_list_fault(texts[_SERVERS], texts.get("security.protocol", "plaintext")):
        yield f"{_SERVERS}: {shown_brokers(texts[_SERVERS])} {fault}"
    for name, text in texts.items():
        if refusal := property_refusal(name, text, secret=is_secret_kafka_setting(name)):
            yield f"{name}: {refusal}"


def _faults_together(settings: ClientSettings, timeout: float, max_record_bytes: int) -> Iterator[str]:
    """What the client library would refuse of them as a whole, with an exception of its own."""
    secrets = [text for name, text in _texts(settings).items() if is_secret_kafka_setting(name)]
    for refusal in refusals(settings, max_record_bytes=max_record_bytes, write_limit_s=timeout, secrets=secrets):
        yield f"{refusal.name}: {refusal.text}" if refusal.name else refusal.text
