"""Refused POSTs in the log: the senders' faults one by one, all others counted."""

import asyncio
from typing import Any

from structlog.testing import capture_logs

from producer.intake.refusal_log import RefusalLog
from producer.intake.refusals import RefusedError
from runtime.http.asgi import Request
from tests.kit.virtual_time import simulated


async def nothing() -> Any:
    """No body."""
    raise AssertionError


REQUEST = Request({"path": "/events", "client": ("192.0.2.7", 1)}, nothing)


@simulated
async def test_what_is_nobody_s_fault_is_told_once() -> None:
    """With how many there were, for each reason; what is left is told at the end."""
    log = RefusalLog()
    with capture_logs() as lines:
        running = asyncio.create_task(log.run())
        for _ in range(30):
            log.refused(RefusedError(503, "busy", "no room"), REQUEST)
            await asyncio.sleep(0.4)
        log.refused(RefusedError(503, "kafka", "no answer"), REQUEST)
        running.cancel()
        await asyncio.wait([running])
    told = {"event": "intake.refused", "log_level": "warning", "status": 503, "last_sender": "192.0.2.7:1"}
    counts = [line.pop("posts") for line in lines]
    assert [{**told, "reason": "busy", "error": "no room"}] * 3 == lines[:3]
    assert [{**told, "reason": "kafka", "error": "no answer"}] == lines[3:]
    assert (2, 30, 1) == (counts[0], sum(counts[:3]), counts[3])


def test_a_fault_of_its_sender_is_told_at_once() -> None:
    """With its place and its size."""
    log = RefusalLog()
    with capture_logs() as lines:
        for _ in range(2):
            log.refused(RefusedError(413, "too-large", "too many", path="events", size=9), REQUEST)
    told = {"status": 413, "reason": "too-large", "error": "too many", "sender": "192.0.2.7:1", "url_path": "/events"}
    expected = {"event": "intake.refused", "log_level": "warning", **told, "path": "events", "body_bytes": 9}
    assert [expected, expected] == lines
