"""The switch that docs/migrating.md describes, with a real registry whose receiver is down when it is restarted."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import DockerRegistry, NotificationEndpoint, Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.exchange import Answer, Captured
from tests.kit.topics import Found, read

pytestmark = [pytest.mark.kafka, pytest.mark.registry]


class Moody:
    """Accepts or refuses, as it is told."""

    accepts = True

    def __call__(self, request: Captured) -> Answer:
        """The answer to each request."""
        return Answer() if self.accepts else Answer(status=503)


def push(folder: Path, endpoints: Sequence[NotificationEndpoint], repository: str) -> DockerRegistry:
    """A registry in this folder that notifies these endpoints, after a push."""
    registry = DockerRegistry(folder, endpoints)
    registry.start()
    registry.client().push_blob(repository, repository.encode())
    return registry


def repositories(receiver: Receiver) -> list[str]:
    """Of the events that were accepted or refused, in the order of arrival."""
    return [event["target"]["repository"] for got in receiver.requests for event in json.loads(got.body)["events"]]


def in_log(kafka: LocalKafka, topic: str) -> set[str | None]:
    """The events in the log, each once: a registry that had no answer in time comes again."""
    return {record.header("ce_id") for record in read(kafka, topic)}


def repositories_since(records: Sequence[Found], moment: str) -> set[str]:
    """Of the events in each partition from the first one that is not older."""
    since_ms = round(datetime.fromisoformat(moment).timestamp() * 1000)
    begun: set[int] = set()
    found: set[str] = set()
    for record in records:
        if record.timestamp_ms >= since_ms:
            begun.add(record.partition)
        if record.partition in begun:
            found.add((record.key or b"").decode())
    return found


def test_no_event_is_missed(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """What a registry forgets when it is restarted without its old endpoint is delivered from the log."""
    mood = Moody()
    with Receiver(mood) as receiver:
        ci = endpoint("ci", f"{receiver.url}/hook", backoff="50ms", max_backoff="200ms")
        setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[ci | {"disabled": True}])
        with setup.bridge() as bridge:
            old = NotificationEndpoint(name="ci", url=f"{receiver.url}/hook", backoff="50ms")
            new = NotificationEndpoint(name="bridge", url=f"{bridge.wait_ready()}/events", backoff="50ms")
            with setup.worker() as worker:
                worker.wait_ready()
                both = push(tmp_path / "registry", [old, new], "beside")
                eventually(lambda: set(repositories(receiver)) == {"beside"})
                eventually(lambda: len(in_log(kafka, topic)) == 1)  # the receiver has it from the registry, too
                mood.accepts = False
                moment = datetime.now(UTC).isoformat(timespec="milliseconds")
                both.client().push_blob("forgotten", b"in the registry's memory")
                eventually(lambda: len(in_log(kafka, topic)) == 2)
                both.stop()
                mood.accepts = True
                alone = push(tmp_path / "registry", [new], "after")
                eventually(lambda: len(in_log(kafka, topic)) == 3)
                assert worker.terminate() == 0
            rewound = setup.run_worker("rewind", "--endpoint", "ci", "--to", moment, "--skip")
            assert (0, "") == (rewound.code, rewound.stderr)
            tried = len(receiver.requests)
            setup.endpoints = [ci]
            assert setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s").code == 0
            alone.stop()
        wanted = repositories_since(read(kafka, topic), moment)  # "beside" too if the registry has sent it again
        assert {"after", "forgotten"} <= wanted
        assert wanted == set(repositories(receiver)[tried:])
