"""What the clients get: defaults, the user's settings over them, and what carries the promise over those."""

from typing import Any

import pytest
from confluent_kafka import Consumer

from runtime.kafka.settings import consumer_settings, producer_settings


def producer(given: dict[str, Any], *, is_bulk: bool = False) -> dict[str, Any]:
    """Settings of a producer."""
    return producer_settings(given, client_id="test", max_record_bytes=1024, message_timeout_s=1.8, is_bulk=is_bulk)


@pytest.mark.parametrize(("is_bulk", "linger_ms", "codec"), [(False, 0, "lz4"), (True, 1, "zstd")])
def test_who_waits_for_one_record_waits_for_no_linger(*, is_bulk: bool, linger_ms: int, codec: str) -> None:
    """Hundreds at once may gather first; the user decides otherwise for both."""
    made = producer({}, is_bulk=is_bulk)
    assert (linger_ms, codec) == (made["linger.ms"], made["compression.type"])
    given = producer({"linger.ms": "20", "compression.type": "gzip"}, is_bulk=is_bulk)
    assert ("20", "gzip") == (given["linger.ms"], given["compression.type"])


def test_metrics_are_pushed_to_brokers_that_the_user_names_for_it() -> None:
    """Nothing is sent to brokers but what the bridge needs, unless the user says so."""
    pushed = [producer(given)["enable.metrics.push"] for given in ({}, {"enable.metrics.push": "true"})]
    assert [False, "true"] == pushed


def test_the_promise_is_nobodys_to_change() -> None:
    """All in-sync replicas, no repeats, Java's partitioner, and an answer in time."""
    promise = {"acks": "all", "enable.idempotence": True, "partitioner": "murmur2_random", "message.timeout.ms": 1800}
    assert promise.items() <= producer(dict.fromkeys(promise, "0")).items()


@pytest.mark.parametrize("largest", [60_000_000, "150000000", 2_147_483_135])
def test_an_answer_may_be_as_large_as_the_user_lets_it(largest: object) -> None:
    """A client that asks about groups alone is made with it too: what it may receive follows."""
    made = consumer_settings({"fetch.max.bytes": largest}, client_id="test", group="g", max_record_bytes=0)
    Consumer({**made, "bootstrap.servers": "127.0.0.1:1"}).close()
