"""The benchmarks that run whole commands, with a few records: that they end, and print their figures."""

from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import export, iceberg, object_storage, tags
from benchmarks.harness import PARTITIONS, Bench
from broker import LocalKafka
from tests.kit.topics import make_topic

RECORDS = 400


@pytest.fixture
def made(kafka: LocalKafka, topic: str, tmp_path: Path) -> Bench:
    """A topic on the Kafka of the tests."""
    make_topic(kafka, topic, PARTITIONS)
    return Bench(kafka, topic, tmp_path)


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("benchmark", "figure"),
    [
        (export, "export to Parquet"),
        (object_storage, "export to object storage"),
        (iceberg, "export to an Iceberg table"),
        (tags, "the state of tags"),
    ],
)
def test_prints_its_figures(
    made: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], benchmark: ModuleType, figure: str
) -> None:
    """After one run."""
    monkeypatch.setattr(benchmark, "bench", lambda: nullcontext(made))
    monkeypatch.setattr(benchmark, "RUNS", 1)
    monkeypatch.setattr(tags, "TAGS", RECORDS)
    benchmark.main(RECORDS)
    assert any(line.startswith(figure) for line in capsys.readouterr().out.splitlines())
