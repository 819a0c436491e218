"""What every endpoint can rely on, be it a URL or a sink in Python: the same cases, on a real Kafka."""

import asyncio
import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from consumer import Worker
from tests.kit import Receiver
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import envelopes, ids
from tests.kit.ways_out import SINKS, Behaviour, WayOut, answering, factory

pytestmark = pytest.mark.kafka

KINDS = ["url", *SINKS]
LIMIT_S = 240.0
TIMEOUT = "500ms"
PATIENT_DRAIN = "5m"
"""A worker that does not end soon behind its drain ends its whole process, which is that of the tests here."""


class UnderTest:
    """One installation with one endpoint of some kind."""

    def __init__(self, kind: str, way: WayOut, setup: Installation, receiver: Receiver) -> None:
        self.way = way
        self._kind = kind
        self._setup = setup
        self._receiver = receiver

    def delivered(self, *bodies: bytes, **keys: Any) -> list[str]:
        """Publish these, and deliver until all are finished; the ids that were taken, in order."""
        entry = endpoint("out", self._receiver.url, **keys)
        if self._kind == "url":
            answering(self._receiver, self.way)
        else:
            del entry["url"]
            entry["sink"] = "somewhere:somebody"
        self._setup.endpoints = [entry]
        self._setup.publish(*bodies)
        sinks = {} if self._kind == "url" else {"out": factory(self._kind, self.way)}
        worker = Worker(self._setup.config(), sinks=sinks)
        assert asyncio.run(worker.catch_up(timeout=LIMIT_S))
        return self.way.taken

    def letters(self) -> list[dict[str, Any]]:
        """Those that are open."""
        done = self._setup.run_worker("dead-letters", "list", "--json")
        assert done.code == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(params=KINDS)
def out(request: pytest.FixtureRequest, kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> UnderTest:
    """Each kind of endpoint in turn."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, sections={"worker": {"drain": PATIENT_DRAIN}})
    return UnderTest(request.param, WayOut(), setup, receiver)


def test_each_event_once_in_the_order_of_its_repository(out: UnderTest) -> None:
    """Also where several repositories are written at once."""
    bodies = envelopes(4, 10)
    taken = out.delivered(*bodies, concurrency=4)
    assert sorted(taken) == sorted(ids(bodies))
    for repository in range(4):
        mine = [id_ for id_ in taken if id_.startswith(f"team-app{repository}-")]
        assert mine == [f"team-app{repository}-{number}" for number in range(10)]


def test_an_event_that_is_refused_is_a_dead_letter(out: UnderTest) -> None:
    """After three tries, whatever `attempts` says; all others are delivered, those behind it too."""
    out.way.script = lambda id_, _: "reject" if id_ == "team-app0-1" else "take"
    taken = out.delivered(*envelopes(2, 3))
    assert len(taken) == 5
    [letter] = out.letters()
    assert (letter["event_id"], letter["reason"], letter["attempts"]) == ("team-app0-1", "rejected", 3)
    assert out.way.number_of_tries("team-app0-1") == 3


def test_an_event_that_fails_is_a_dead_letter(out: UnderTest) -> None:
    """After `attempts` tries."""
    out.way.script = lambda id_, _: "fail" if id_ == "team-app0-1" else "take"
    taken = out.delivered(*envelopes(2, 3), attempts=5)
    assert len(taken) == 5
    [letter] = out.letters()
    assert (letter["event_id"], letter["reason"], letter["attempts"]) == ("team-app0-1", "exhausted", 5)


def test_an_outage_makes_no_dead_letters(out: UnderTest) -> None:
    """Events wait for its end behind an open breaker, and none is lost."""
    bodies, tried = envelopes(2, 3), iter(range(1000))
    out.way.script = lambda *_: "be away" if next(tried) < 8 else "take"
    assert sorted(out.delivered(*bodies, threshold=2, attempts=1)) == sorted(ids(bodies))
    assert out.letters() == []


def test_an_endpoint_that_asks_for_time_gets_it(out: UnderTest) -> None:
    """Nothing is sent to it for so long."""
    out.way.script = lambda _, number: "ask for time" if number == 1 else "take"
    [body] = envelopes(1, 1)
    assert out.delivered(body) == ["team-app0-0"]
    (first, _), (second, _) = out.way.tries
    assert second - first >= 1.0


def test_a_slow_endpoint_is_not_overtaken(out: UnderTest) -> None:
    """What takes longer than `timeout` is tried again before the next of its repository is sent."""
    slow: dict[bool, Behaviour] = {True: "be slow", False: "take"}
    out.way.script = lambda id_, number: slow[id_ == "team-app0-0" and number == 1]
    out.delivered(*envelopes(1, 3), timeout=TIMEOUT)
    order = [id_ for _, id_ in out.way.tries]
    assert [id_ for id_, _ in groupby(order)] == [f"team-app0-{number}" for number in range(3)]
    assert out.letters() == []
