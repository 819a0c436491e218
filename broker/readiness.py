"""Says when a broker really answers: it is the right one, makes topics, and has loaded every consumer group.

A broker listens a good while before that, and a client that comes in between meets errors that no later client sees.
"""

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from broker.errors import LocalKafkaError

PROBE = "readiness-probe"  # the name of a topic and of groups that are asked about and never made
OFFSET_PARTITIONS = 4
REQUEST_SECONDS = 2.0
PAUSE_SECONDS = 0.05


def wait_until_ready(bootstrap: str, cluster_id: str, *, died: Callable[[], str | None], seconds: float) -> None:
    """Returns when the broker at `bootstrap` is the cluster `cluster_id` and serves topics and groups.

    Args:
        bootstrap: where it is to answer, HOST:PORT.
        cluster_id: what it is to answer when asked for its cluster.
        died: why the broker that was started is gone, None while it runs.
        seconds: how long to wait.

    Raises:
        LocalKafkaError: the broker died, another one answers in its place, or the time is up.
    """
    client = AdminClient(_client_settings(bootstrap))
    deadline = time.monotonic() + seconds
    last: Exception = LocalKafkaError("nothing was asked")
    while time.monotonic() < deadline:
        if (why := died()) is not None:
            raise LocalKafkaError(why)
        try:
            _check(client, bootstrap, cluster_id)
        except KafkaException as error:
            last = error
            time.sleep(PAUSE_SECONDS)
        else:
            return
    raise LocalKafkaError(f"the broker at {bootstrap} is not ready after {seconds:g} s: {last}")


def _client_settings(bootstrap: str) -> dict[str, str | int | float | bool]:
    return {
        "bootstrap.servers": bootstrap,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 100,
        "enable.metrics.push": False,
        "log_level": 0,  # refused connections are what waiting is about; the error has the last reason
    }


def _check(client: AdminClient, bootstrap: str, cluster_id: str) -> None:
    """Raises KafkaException while the broker is on its way, LocalKafkaError if it is another's."""
    # describe_cluster would be the plain way. librdkafka 2.16.0 ends the process when the answer names no broker.
    found: Any = client.list_topics(timeout=REQUEST_SECONDS).cluster_id  # the client's types say that there is none
    if found != cluster_id:
        raise LocalKafkaError(f"another broker answers on {bootstrap}: its cluster is {found}, ours is {cluster_id}")
    probe = NewTopic(PROBE, num_partitions=1, replication_factor=1)
    client.create_topics([probe], validate_only=True, request_timeout=REQUEST_SECONDS)[PROBE].result()
    for group in _probe_groups():
        _ask_group(bootstrap, group)


def _probe_groups() -> list[str]:
    """A group in each partition of the offsets topic: names that differ in the last digit have consecutive hashes."""
    return [f"{PROBE}-{digit}" for digit in range(OFFSET_PARTITIONS)]


def _ask_group(bootstrap: str, group: str) -> None:
    """Asks for a group's offset as a consumer that never joins does.

    The admin client's list_consumer_group_offsets would be the plain way. In librdkafka 2.16.0 the process crashes now
    and then (SIGSEGV in its main thread) when that request times out while the coordinator is still being looked for.
    """
    consumer = Consumer({**_client_settings(bootstrap), "group.id": group})
    try:
        for partition in consumer.committed([TopicPartition(PROBE, 0)], timeout=REQUEST_SECONDS):
            if partition.error is not None:
                raise KafkaException(partition.error)
    finally:
        consumer.close()
