"""A program in Go reads the topic as docs/engines/go.md shows."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.engines.pipeline import Pipeline
from tests.engines.printing import assert_reads_all, read_in_words
from tests.engines.recorded import Reading
from tests.engines.toolchains import go
from tests.kit.snippets import snippets

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(3600)]
"""Go builds its own library first, which can take long."""

LISTS: Final = Path(__file__).parent / "go"
LIBRARIES: Final = ("twmb/franz-go", "hamba/avro/v2")


def test_every_record_is_read(pipeline: Pipeline, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """The program that the page shows prints each event and names each other record, the last ones too."""
    (example,) = snippets("engines/go.md", "Go", "go")
    (tmp_path / "main.go").write_text(pipeline.shown(example))
    for file in ("go.mod", "go.sum"):
        shutil.copy(LISTS / file, tmp_path)
    subprocess.run([str(go()), "build", "-o", "reader", "."], cwd=tmp_path, check=True)
    assert_reads_all(["./reader"], tmp_path, pipeline, nothing="-")
    has_read(Reading("[Go](engines/go.md)", versions(), read_in_words(pipeline)))


def versions() -> str:
    """Of the libraries."""
    lines = (line.split() for line in (LISTS / "go.mod").read_text("utf-8").splitlines())
    required = {words[0].removeprefix("github.com/"): words[1] for words in lines if len(words) == 2}
    return ", ".join(f"{name} {required[name]}" for name in LIBRARIES)
