"""Fixtures of the engines: the pipeline that all read, and the table of what was read."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from broker import LocalKafka
from tests.engines.environment import ENGINES
from tests.engines.pipeline import Pipeline, running_pipeline
from tests.engines.recorded import Reading, record

READINGS: pytest.StashKey[dict[str, Reading]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing was read yet."""
    config.stash[READINGS] = {}


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What a run without a fault has read goes to the documents."""
    readings = session.config.stash[READINGS]
    if exitstatus == pytest.ExitCode.OK and readings:
        record(readings, datetime.now(UTC).date())


@pytest.fixture(scope="session")
def pipeline(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The running pipeline; no engine changes what is in the topic."""
    ENGINES.bring()
    with running_pipeline(kafka, tmp_path_factory.mktemp("pipeline")) as running:
        yield running


@pytest.fixture
def has_read(request: pytest.FixtureRequest) -> Callable[[Reading], None]:
    """Called at the end of a test, it puts a row into the table of the last run."""

    def note(reading: Reading) -> None:
        request.config.stash[READINGS][reading.reader] = reading

    return note
