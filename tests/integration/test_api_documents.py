"""`/openapi.json` and `/asyncapi.json` of running programs: valid, the same for all processes, true of their pages."""

import json
from itertools import count
from pathlib import Path

from broker import LocalKafka
from runtime.http.asgi import application
from runtime.processes.forwarding import forwarded_routes
from tests.kit.api_conformance import Ask, Conformance, HttpAnswer, answered
from tests.kit.bridge import Installation, endpoint
from tests.kit.eventually import eventually
from tests.kit.notifications import Poster, Reply
from tests.kit.receiver import Receiver
from tests.unit.producer.intake.test_acceptance import Log
from tests.unit.producer.intake.test_api import OF_SEVERAL_PROCESSES, app_of

PAGES = ("/livez", "/readyz", "/metrics")


def test_both_programs_serve_their_documents(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """With one process or several; each page of a running program is as its document says."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url)])
    with (
        setup.bridge() as intake,
        setup.worker("--processes", "2") as worker,
        Poster(f"{intake.wait_ready()}/events") as to_intake,
        Poster(f"{worker.wait_ready()}/") as to_worker,
    ):
        topics = []
        for asked, pages in ((to_intake, ("/spool",)), (to_worker, ("/", "/status", "/attempts", "/debug/vars"))):
            said = Conformance(asked.request("GET", "/openapi.json").json)
            assert said.is_valid()
            for path in (*PAGES, *pages, "/openapi.json", "/asyncapi.json"):
                reply = answered_well(asked, path)
                said.saw(path, "GET", HttpAnswer(reply.status, reply.headers, reply.body))
            topics.append(asked.request("GET", "/asyncapi.json").json)
        assert worker.terminate() == intake.terminate() == 0
    assert topics[0] == topics[1]
    assert topics[0]["channels"]["events"]["address"] == topic


def answered_well(asked: Poster, path: str) -> Reply:
    """The answer 200 to a question; while a process is late, a page of several is another."""
    replies = (asked.request("GET", path) for _ in count())
    return eventually(lambda: reply if (reply := next(replies)).status == 200 else None)


def test_a_process_that_cannot_ask_for_all(tmp_path: Path) -> None:
    """What the document says of an intake with several processes."""
    said = Conformance(json.loads(answered(app_of(Log()), Ask("GET", "/openapi.json")).body))
    for case in OF_SEVERAL_PROCESSES:
        path = case.split()[1]
        answer = answered(application(forwarded_routes(tmp_path / "nobody", [path])), Ask("GET", path))
        assert answer.status == int(case.split()[2])
        said.saw(path, "GET", answer)
