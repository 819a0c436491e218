"""The Kafka sink's settings: what Kafka's client library refuses is said in our words, before anything is begun."""

import threading

import pytest

from producer import KafkaSink
from producer.sinks.sink import SinkError
from runtime.http.client import ClientSettingsError
from schemas.event import Descriptor, Event, Target

_SERVERS = {"bootstrap.servers": "127.0.0.1:1"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"nonsense.key": "x"}, 'kafka_settings: nonsense.key: No such configuration property: "nonsense.key"'),
        ({"security.protocol": "ssl", "ssl.ca.location": "/nowhere"}, "kafka_settings: ssl.ca.location: "),
        ({"linger.ms": "soon"}, "kafka_settings: linger.ms: "),
    ],
)
def test_refused_settings_are_an_error_of_ours(settings: dict[str, str], says: str) -> None:
    """One line that names the setting; no thread is left."""
    before = set(threading.enumerate())
    with pytest.raises(ClientSettingsError) as error:
        KafkaSink({**_SERVERS, **settings})
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)
    assert set() == set(threading.enumerate()) - before


def test_no_secret_is_repeated() -> None:
    """A key that cannot be read is in no error."""
    settings = {"security.protocol": "ssl", "ssl.key.pem": "hunter2", "ssl.certificate.pem": "hunter2"}
    with pytest.raises(ClientSettingsError) as error:
        KafkaSink({**_SERVERS, **settings})
    assert "hunter2" not in str(error.value)


def test_an_event_that_no_worker_takes_is_refused() -> None:
    """Before Kafka is asked: it would be a dead letter at every endpoint."""
    sink = KafkaSink(_SERVERS)
    try:
        with pytest.raises(SinkError, match="the event has 40,001 references; the most is 40,000"):
            sink.write(Event(target=Target(references=[Descriptor()] * 40_001)))
    finally:
        sink.close()
