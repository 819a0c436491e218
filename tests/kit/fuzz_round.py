"""A plugin of pytest for one round of a search for new examples: it runs property tests only, and counts."""

import json
import random
import re
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

COUNTS = re.compile(r"(\d+) passing, (\d+) failing")


@dataclass
class Counts:
    """The failed tests' ids, how many tests ran, and how many examples."""

    failed: list[str] = field(default_factory=list)
    tests: int = 0
    examples: int = 0


class Round:
    """Runs the property tests in an order that the seed decides; none begins when the time is up."""

    def __init__(self, config: pytest.Config) -> None:
        self._until = time.monotonic() + config.getoption("fuzz_seconds")
        self._report: Path = config.getoption("fuzz_counts")
        self._order = random.Random(config.getoption("hypothesis_seed"))
        self._counts = Counts()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Hypothesis has marked its tests by now."""
        items[:] = [item for item in items if item.get_closest_marker("hypothesis")]
        self._order.shuffle(items)  # else a short search would know only the first files
        for item in items:
            item.add_marker(pytest.mark.timeout(0), append=False)  # a long shrinking is wanted

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> bool | None:
        """Of a test that would begin too late, nothing is left to do; the first one is never too late."""
        return True if self._counts.tests and time.monotonic() >= self._until else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Count a test's examples when they have been run."""
        report = yield
        if report.failed and item.nodeid not in self._counts.failed:
            self._counts.failed.append(item.nodeid)
        if report.when == "call":
            self._counts.tests += 1
            said = getattr(item, "hypothesis_statistics", "")
            self._counts.examples += sum(int(count) for counts in COUNTS.findall(said) for count in counts)
        return report

    def pytest_sessionfinish(self) -> None:
        """Hand the counts to whoever runs the rounds."""
        self._report.write_text(json.dumps(asdict(self._counts)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the round may take, and where its counts go."""
    parser.addoption("--fuzz-seconds", type=float, required=True)
    parser.addoption("--fuzz-counts", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Begin the round."""
    config.pluginmanager.register(Round(config))
