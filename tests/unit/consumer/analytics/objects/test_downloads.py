"""Copies of objects: what happens to the others when one fails."""

import threading
from pathlib import Path

import pytest

from consumer.analytics.objects.bucket import StorageError
from consumer.analytics.objects.downloads import copy_all
from tests.kit import eventually

FOUR = ["day/0", "day/1", "day/2", "day/3"]
"""As many as are copied at once."""
MORE = [f"day/{number}" for number in range(4, 50)]


class Objects:
    """The first four are copied together, until one of them fails; then the others write files until they are told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.go_on = threading.Event()
        self._all_begun = threading.Barrier(len(FOUR), timeout=60)

    def download(self, path: str, file: Path) -> None:
        """The second one fails."""
        self.begun.append(path)
        if path in FOUR:
            self._all_begun.wait()
        if path == FOUR[1]:
            raise StorageError(f"{path} is gone")
        self.go_on.wait(60)
        for more in range(50):
            file.with_name(f"{file.name}.{more}").write_bytes(b"x")
        self.ended.append(path)


def test_one_that_fails_waits_for_those_beside_it(tmp_path: Path) -> None:
    """Its error is raised when nothing is written any more."""
    objects = Objects()
    objects.go_on.set()
    with pytest.raises(StorageError, match=r"^day/1 is gone$"):
        copy_all(objects, FOUR, tmp_path, last_s=60)
    assert {"day/0", "day/2", "day/3"} == set(objects.ended)


def test_after_one_that_fails_none_begins(tmp_path: Path) -> None:
    """But for the one that its thread may have begun before anybody knew; a store that hangs does not keep it up."""
    objects = Objects()
    with pytest.raises(StorageError, match=r"^day/1 is gone$"):
        copy_all(objects, FOUR + MORE, tmp_path, last_s=0)
    objects.go_on.set()
    eventually(lambda: len(objects.ended) == len(objects.begun) - 1)
    assert len(objects.begun) <= len(FOUR) + 1
