"""A `KafkaSink` and a fork, as servers that load an application before they fork make it (`gunicorn --preload`)."""

import json
import subprocess
import sys

import pytest

from broker import LocalKafka
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka

PROGRAM = """
import asyncio, json, os, sys
from producer import KafkaSink, SinkError
from schemas import Event

def error_of(call):
    try:
        call()
    except SinkError as error:
        return str(error)

settings, topic = {"bootstrap.servers": sys.argv[1]}, sys.argv[2]
sink = KafkaSink(settings, topic, timeout=60.0)
sink.write(Event(id="before"))
child = os.fork()
if child == 0:
    event = Event(id="x")
    errors = [error_of(lambda: sink.write(event)), error_of(lambda: asyncio.run(sink.write_soon(event)))]
    sink.close()
    own = KafkaSink(settings, topic, timeout=60.0)
    own.write(Event(id="child"))
    own.close()
    print(json.dumps({"errors": errors, "parent": os.getppid(), "child": os.getpid()}), flush=True)
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
sink.write(Event(id="after"))
sink.close()
"""


def test_a_sink_made_before_a_fork_says_so(kafka: LocalKafka, topic: str) -> None:
    """In the child each write names the cause and what to do; a sink made there works, and the parent's still does."""
    make_topic(kafka, topic, partitions=1)
    command = [sys.executable, "-c", PROGRAM, kafka.bootstrap, topic]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=2 * LIMIT_S)
    assert done.returncode == 0, done.stderr
    said = next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    wanted = (
        f"this sink was made in process {said['parent']} and is used in process {said['child']}: "
        "make it after the fork, in each process that writes"
    )
    assert [wanted, wanted] == said["errors"]
    assert ["before", "child", "after"] == [record.header("ce_id") for record in read(kafka, topic)]
