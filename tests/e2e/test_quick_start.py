"""The quick starts: their files are written, their commands run in their order, and the first event arrives.

Only ports and topics are put in place, and the image comes from a folder instead of a network. The first two commands,
the demo and a local Kafka, have tests of their own.
"""

import sys
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.ports import free_port
from tests.kit import Layout
from tests.kit.paths import DOCS
from tests.kit.typed_page import Clone, steps_of

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

PAGE = (DOCS / "quick-start.md").read_text("utf-8")
HARBOR_PAGE = (DOCS / "quick-start-harbor.md").read_text("utf-8")
ELSEWHERE = ("make demo\n", ".venv/bin/python -m broker start\n")
"""Run by tests/e2e/test_demo.py and tests/integration/test_local_kafka.py."""
PORTS = (5000, 5050, 5051, 8080)


@pytest.fixture
def clone(kafka: LocalKafka, topic: str, tmp_path: Path) -> Clone:
    """With the Kafka of the tests, and an image for the one that the page fetches."""
    layout = Layout(tmp_path / "image")
    layout.image("latest", layers=[b"first"])
    topics = f"topics: {{events: {topic}, dead_letters: {topic}.dead}}"
    worker = f"worker: {{listen: '127.0.0.1:5051', group_prefix: {topic}}}"
    places = {
        "intake:\n  listen: 0.0.0.0:5050\n": "intake:\n",
        "intake:\n": f"{topics}\n{worker}\nintake:\n  listen: 127.0.0.1:5050\n",
        "127.0.0.1:9092": kafka.bootstrap,
        "docker://docker.io/library/busybox:latest": layout.source("latest"),
        "skopeo copy": "skopeo --insecure-policy copy",
        ".venv/bin/": f"{Path(sys.executable).parent}/",
    }
    for port in PORTS:
        free = free_port()
        places |= {f"127.0.0.1:{port}": f"127.0.0.1:{free}", f'"127.0.0.1", {port}': f'"127.0.0.1", {free}'}
    return Clone(tmp_path, places)


def test_each_step(clone: Clone) -> None:
    """From the top of the page to its bottom."""
    steps = [step for step in steps_of(PAGE) if step["block"] not in ELSEWHERE]
    assert len(steps_of(PAGE)) == len(steps) + len(ELSEWHERE)
    clone.follow(steps)


def test_each_step_with_harbor(clone: Clone) -> None:
    """The endpoint of the other page, then from the top of this one to its bottom, with what Harbor would send."""
    before = [step for step in steps_of(PAGE) if "endpoint.py" in step[0]]
    assert 2 == len(before)
    clone.follow([*before, *steps_of(HARBOR_PAGE)])
