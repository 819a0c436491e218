"""The Kafka sink's settings: what Kafka's client library refuses is said in our words, before anything is begun."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from producer import KafkaSink
from producer.sinks.sink import SinkError
from runtime.http.client import ClientSettingsError
from schemas.event import Descriptor, Event, SourceRecord, Target

_SERVERS = {"bootstrap.servers": "127.0.0.1:1"}
ODD = (0.19, 0.05, 0, -1, 3600.1, 1e9, float("inf"), float("nan"), True, "1", None)
"""No numbers of seconds that a write may take."""


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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        *[
            ({"timeout": seconds}, f"timeout: {seconds!r} is not a number of seconds from 0.2 to 3600")
            for seconds in ODD
        ],
        *[
            ({"registry": label}, f'registry: "{label}" is not a label; write 1 to 63 of')
            for label in ("EU", "é", "..")
        ],
        *[({"topic": name}, f'topic: "{name}" is not a topic\'s name: ') for name in ("", "a/b", "__x")],
    ],
)
def test_an_argument_that_cannot_be_used_is_an_error_of_ours(arguments: dict[str, Any], says: str) -> None:
    """One line with the argument, the value and what is allowed."""
    with pytest.raises(ClientSettingsError) as error:
        KafkaSink(_SERVERS, **arguments)
    assert str(error.value).startswith(says)


@pytest.mark.parametrize("seconds", [0.2, 3600])
def test_the_bounds_of_the_timeout_are_taken(seconds: float) -> None:
    """A client can be made with each of them."""
    KafkaSink(_SERVERS, timeout=seconds).close()


def test_a_linger_that_the_timeout_does_not_leave_room_for_is_refused() -> None:
    """With the same settings a longer timeout would do."""
    with pytest.raises(ClientSettingsError, match=r"linger\.ms: `message\.timeout\.ms` must be greater"):
        KafkaSink({**_SERVERS, "linger.ms": 500}, timeout=0.5)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "bootstrap.servers: is missing; write the brokers, e.g. 127.0.0.1:9092"),
        ({"bootstrap.servers": "a:99999"}, 'bootstrap.servers: "a:99999" has a port that is not a number'),
        ({"bootstrap.servers": "u:hunter2@a:1"}, "bootstrap.servers: *** has an @, but"),
        ({"metadata.broker.list": "a:1", **_SERVERS}, "metadata.broker.list: is not a known key; did you mean boot"),
        ({"acks": "1", **_SERVERS}, "acks: is set by the sink itself; leave it out"),
        ({"message.max.bytes": 5000, **_SERVERS}, "message.max.bytes: is set by the sink itself; leave it out"),
        ({"error_cb": print, **_SERVERS}, "error_cb: is set by the sink itself; leave it out"),
    ],
)
def test_settings_that_would_have_no_effect_are_refused(settings: dict[str, Any], says: str) -> None:
    """As those of a file are."""
    with pytest.raises(ClientSettingsError) as error:
        KafkaSink(settings)
    assert str(error.value).startswith(f"kafka_settings: {says}")


def test_no_secret_is_repeated() -> None:
    """A key that cannot be read is in no error."""
    settings = {"security.protocol": "ssl", "ssl.key.pem": "hunter2", "ssl.certificate.pem": "hunter2"}
    with pytest.raises(ClientSettingsError) as error:
        KafkaSink({**_SERVERS, **settings})
    assert "hunter2" not in str(error.value)


@pytest.fixture(scope="module")
def sink() -> Iterator[KafkaSink]:
    """One without a broker."""
    with closing(KafkaSink(_SERVERS, registry="eu")) as made:
        yield made


REFUSED = [
    (Event(target=Target(references=[Descriptor()] * 40_001)), "the event has 40,001 references; the most is 40,000"),
    (Event(source=SourceRecord(addr="h\udc80")), "no record can hold the event: source.addr: contains half of a surr"),
    (Event(target=Target(size=2**63)), "no record can hold the event: target.size: expected int <= 92233720368547758"),
]


@pytest.mark.parametrize(("event", "says"), REFUSED)
def test_an_event_that_nobody_could_read_is_refused(sink: KafkaSink, event: Event, says: str) -> None:
    """Before Kafka is asked, by the member, and as what `write` says that it raises."""
    with pytest.raises(SinkError) as error:
        sink.write(event)
    assert str(error.value).startswith(says)
    with pytest.raises(SinkError) as error:
        asyncio.run(sink.write_soon(event))
    assert str(error.value).startswith(says)
