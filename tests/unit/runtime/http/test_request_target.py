"""What the server makes of a request's target."""

from typing import Any

from tests.kit.virtual_time import simulated
from tests.unit.runtime.http.test_guarded_connection import Served, answers


@simulated
async def test_a_target_that_is_no_url_is_not_repeated() -> None:
    """It may hold a token or a password: neither the answer nor what is logged has it."""
    for target in (b"http://h:99999999/events/hub?token=SECRET", b"http://u:SECRET@:1/x", b"http:SECRET"):
        served = Served(answers)
        await served.send(b"POST " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        (refused,) = served.refused
        assert (400, "protocol", [400]) == (refused.status, refused.reason, served.statuses)
        assert refused.error.startswith("not a valid HTTP request: ")
        assert "SECRET" not in refused.error + served.wire.written.decode()


@simulated
async def test_a_url_without_a_path_is_that_of_the_root() -> None:
    """As RFC 9112 section 3.2.2 has it; the query stays one."""
    asked = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        asked.append((scope["path"], scope["query_string"]))
        await answers(scope, receive, send)

    served = Served(application)
    await served.send(b"GET http://h?token=x HTTP/1.1\r\nHost: h\r\n\r\n")
    await served.wait(1)
    assert ([200], [("/", b"token=x")]) == (served.statuses, asked)
