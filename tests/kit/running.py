"""What tests run beside themselves: servers in threads, programs in processes. Knows none of them."""

import sys
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from tests.kit.eventually import eventually


class Running(ABC):
    """Something that is up from `start` (or entering it) to `stop` (or leaving it).

    If a test fails meanwhile, what it has to say goes to the test's report.
    """

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and (text := self.report()):
            sys.stderr.write(f"{text}\n")
        self.stop()

    def start(self) -> None:
        """Begins it and returns when it is up; if it does not come up, it is stopped."""
        self.begin()
        try:
            eventually(self.is_up)
        except BaseException:
            self.stop()
            raise

    @abstractmethod
    def begin(self) -> None:
        """Starts the thread or the process."""

    def is_up(self) -> bool:
        """Whether it answers; an AssertionError means not yet, any other error that it never will."""
        return True

    @abstractmethod
    def stop(self) -> None:
        """Ends it; returns when it is gone. Quiet if it is down."""

    def report(self) -> str:
        """What helps to understand a failed test: the end of its output, say."""
        return ""
