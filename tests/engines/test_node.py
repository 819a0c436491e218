"""A program for Node.js reads the topic as docs/engines/node.md shows."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.engines.pipeline import Pipeline
from tests.engines.printing import assert_reads_all, read_in_words
from tests.engines.recorded import Reading
from tests.engines.toolchains import node, npm
from tests.kit.snippets import snippets

pytestmark = pytest.mark.kafka

LISTS: Final = Path(__file__).parent / "node"


def test_every_record_is_read(pipeline: Pipeline, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """The program that the page shows prints each event and names each other record, the last ones too."""
    (example,) = snippets("engines/node.md", "Node.js", "js")
    (tmp_path / "read.js").write_text(pipeline.shown(example))
    for file in ("package.json", "package-lock.json"):
        shutil.copy(LISTS / file, tmp_path)
    install = [str(node()), str(npm()), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(install, cwd=tmp_path, check=True)
    assert_reads_all([str(node()), "read.js"], tmp_path, pipeline, nothing="null")
    has_read(Reading("[Node.js](engines/node.md)", versions(), read_in_words(pipeline)))


def versions() -> str:
    """Of the libraries."""
    wanted = json.loads((LISTS / "package.json").read_text("utf-8"))["dependencies"]
    return ", ".join(f"{name} {version}" for name, version in wanted.items() if "kafkajs" in name)
