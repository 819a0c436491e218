"""`/attempts`: the query decides what is answered."""

import asyncio
import json
from typing import Any

from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.worker.attempts_route import attempts_route
from runtime.http.asgi import Message, Request, Response
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED


class View:
    """Has one attempt, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[AttemptQuestion] = []

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """The one that it has."""
        self.asked.append(question)
        return FoundAttempts([EXPECTED], {}, ["process 2: it does not answer"])


async def nothing() -> Message:
    """A request without a body."""
    return {"type": "http.request"}


def asked(query: bytes) -> tuple[int, Any, list[AttemptQuestion]]:
    """Status and JSON of the answer, and what the worker was asked."""
    view = View()
    request = Request({"type": "http", "method": "GET", "path": "/attempts", "query_string": query}, nothing)

    async def answer() -> Response:
        return await attempts_route(view).respond(request)

    response = asyncio.run(answer())
    return response.status, json.loads(response.body), view.asked


def test_an_answer() -> None:
    """Attempts with every member, and why there may be more."""
    status, found, questions = asked(b"endpoint=ci&id=a%2Fb+c&failed=true&limit=5")
    assert status == 200
    assert questions == [AttemptQuestion(endpoint="ci", id="a/b c", failed=True, limit=5)]
    assert found == {
        "attempts": [
            {
                "endpoint": "ci",
                "time": "2023-11-14T22:13:20.250000Z",
                "event_id": "evt-1",
                "topic": "registry.events",
                "partition": 3,
                "offset": 7,
                "repository": "team/app",
                "action": "push",
                "number": 2,
                "outcome": "delivered",
                "status": 202,
                "error": "",
                "seconds": 0.125,
                "next_try_s": None,
                "answer": "thanks",
            }
        ],
        "kept_since": {},
        "unknown_because": ["process 2: it does not answer"],
        "repeats": [],
    }


def test_a_bad_query() -> None:
    """Is refused, and the worker is not asked."""
    expected = {"error": "limit='-1' is not a number from 1 to 10000"}
    assert asked(b"limit=-1") == (400, expected, [])
