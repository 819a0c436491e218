"""An endpoint that refuses some repositories, on a real Kafka: it gets the others' events all the same."""

from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import Answer, Receiver
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import eventually
from tests.kit.notifications import Poster, arrivals, envelope, envelopes, event_json, ids, wait_for_ids
from tests.kit.topics import read

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("delivers", [True, False], ids=["delivers-others", "refuses-alone"])
def test_refused_repositories_delay_no_other(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver, *, delivers: bool
) -> None:
    """With a probe each ten minutes the events of another repository come while all refused ones wait for theirs."""
    receiver.answer_by(lambda request: Answer(422 if b"team/" in request.body else 200))
    refused = [*envelopes(30, 1), *(envelope(event_json("team/app0", number)) for number in range(1, 301))]
    others = [envelope(event_json("library/other", number)) for number in range(5)]
    # Five successes cannot part thirty failures so that there are not five in a row, whatever comes first.
    ci = endpoint("ci", receiver.url, backoff="10m", max_backoff="10m", threshold=5)
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[ci])
    setup.publish(*refused, *(others if delivers else []))
    with setup.worker() as worker:
        worker.wait_for_log("breaker.open")
        if delivers:
            wait_for_ids(receiver, ids(others))
        innocent = [envelope(event_json("library/innocent", number)) for number in range(3)]
        setup.publish(*innocent)
        wait_for_ids(receiver, ids(innocent))
        tried = [
            arrival.repository for arrival in arrivals(receiver.requests) if arrival.repository.startswith("team/")
        ]
        assert sorted(f"team/app{number}" for number in range(30)) == sorted(tried), "each refused one is tried once"
        with Poster(f"http://{worker.address}/") as asked:
            eventually(lambda: len(refused) == asked.request("GET", "/status").json[0]["lag"])
        assert worker.terminate() == 0
    assert [] == read(kafka, setup.dead_letters)
