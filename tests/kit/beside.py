"""What others notice while a server is attacked: answers to small POSTs, `/livez`, and the memory of the process."""

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.kit.cpu import worked_until
from tests.kit.eventually import eventually
from tests.kit.notifications import Poster, Reply, envelope, event_json
from tests.kit.process import Process

ASKED_AT_LEAST = 3
WORK_S = 2.5
"""A second, on a machine that has nothing else to do: where others use the caches too, the same work takes longer."""
PATIENCE_S = 60.0
BODY = envelope(event_json("team/beside", 1))


@dataclass
class Beside:
    """From entering it to leaving it: a POST and `/livez`, of the attacked and of one that nobody attacks, every 50 ms.

    The one that nobody attacks tells how slow machine and broker are by themselves.

    Attributes:
        seconds: how long each answer took.
        worked: how long the attacked process computed until it had given each answer, in seconds.
    """

    attacked: Process
    control: Process
    seconds: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    control_seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    peak_mib: float = 0.0
    is_intake: bool = True

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self._ask, self._measure)]
        self.begun_mib = self.peak_mib = resident_mib(self.attacked)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        eventually(lambda: self.faults or len(self.control_seconds) >= ASKED_AT_LEAST)
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def assert_unharmed(self, *, most_mib: float = 256.0, grown_mib: float = 256.0) -> None:
        """All were answered 200, none after much more than a second of work, and memory kept to its bounds.

        How long others keep the processors, and how late Kafka is, is no fault of the process; who waits for what will
        not come waits longer than either. `make bench ARGS=attacks` prints the seconds on the clock.
        """
        assert not self.faults
        assert max(self.worked) < WORK_S, sorted(self.worked)[-5:]
        assert max(self.seconds) < PATIENCE_S + max(self.control_seconds), sorted(self.seconds)[-5:]
        assert self.peak_mib < most_mib
        assert self.peak_mib - self.begun_mib < grown_mib

    def _ask(self) -> None:
        while not self._ended.wait(0.05):
            for process, seconds in ((self.attacked, self.seconds), (self.control, self.control_seconds)):
                begun = time.monotonic()
                try:
                    replies, worked = worked_until(process.pid, partial(self._replies, process))
                except OSError as error:
                    self.faults.append(repr(error))
                    continue
                seconds.append(time.monotonic() - begun)
                if process is self.attacked:
                    self.worked.append(worked)
                self.faults += [reply.body.decode() for reply in replies if reply.status != 200 and not late(reply)]

    def _replies(self, process: Process) -> list[Reply]:
        with Poster(f"http://{process.address}/events") as poster:
            replies = [poster.post(BODY)] if self.is_intake or process is self.control else []
            return [*replies, poster.request("GET", "/livez")]

    def _measure(self) -> None:
        while not self._ended.wait(0.01):
            self.peak_mib = max(self.peak_mib, resident_mib(self.attacked))


def late(reply: Reply) -> bool:
    """Whether it is Kafka that was late: a registry comes again then, whoever is attacked."""
    return reply.status == 503 and b"Kafka" in reply.body


def resident_mib(process: Process) -> float:
    """Resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20
