"""The order of the suite's files: those that compute are spread among those that wait for Kafka, and small ones end it.

Several processes share the files in this order, so at any time some wait and some compute: no core idles, and at the
end no process is left with a long file.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import pytest

_COMPUTING: Final = {"property", "simulation"}
_SMALL: Final = {"unit"}


def in_turns(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests, file by file in this order; within a file as they stand."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    computing = [tests for tests in files if _COMPUTING & set(tests[0].path.parts)]
    small = [tests for tests in files if _SMALL & set(tests[0].path.parts)]
    waiting = [tests for tests in files if tests not in computing and tests not in small]
    spread = [((at + 0.5) / len(computing), 1, tests) for at, tests in enumerate(computing)]
    spread += [(at / len(waiting), 0, tests) for at, tests in enumerate(waiting)]
    spread.sort(key=lambda entry: entry[:2])
    return [test for tests in [*(entry[2] for entry in spread), *small] for test in tests]
