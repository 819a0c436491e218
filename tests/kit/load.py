"""Registries at work: threads that post numbered events and, like a registry, come again until they are taken."""

import http.client
import threading
import time
from collections.abc import Mapping
from types import MappingProxyType

from tests.kit.notifications import Poster, envelope, event_json
from tests.kit.running import Running

NONE: Mapping[str, str] = MappingProxyType({})
AGAIN_SECONDS = 0.1


class Load(Running):
    """One registry a repository (`load/app0`, ...), each posting its next event as soon as the last one was taken.

    Entering it starts them; leaving it stops and joins them.

    Args:
        url: of the intake.
        repositories: how many.
        insists: posts an event again until it is answered 200; otherwise each is posted once.
        pause: seconds between two events of a repository.
    """

    def __init__(self, url: str, repositories: int, *, insists: bool = True, pause: float = 0.0) -> None:
        self._url = url
        self._insists = insists
        self._pause = pause
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._taken: list[str] = []
        self._statuses: list[int] = []
        self._seconds: list[float] = []
        self._threads = [threading.Thread(target=self._run, args=(f"load/app{n}",)) for n in range(repositories)]

    def begin(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    @property
    def taken(self) -> list[str]:
        """The ids of the events that were answered 200."""
        with self._lock:
            return list(self._taken)

    @property
    def statuses(self) -> list[int]:
        """Every answer, in order."""
        with self._lock:
            return list(self._statuses)

    @property
    def seconds(self) -> list[float]:
        """How long each answer took."""
        with self._lock:
            return list(self._seconds)

    def stop(self) -> None:
        """Posts no further events; returns when every event that was begun is taken (or, not insisting, answered)."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def give_up(self) -> None:
        """As `stop`, but what is not taken yet is not posted again."""
        self._insists = False
        self.stop()

    def _run(self, repository: str) -> None:
        number = 0
        with Poster(self._url) as poster:
            while not self._stopping.is_set():
                event = event_json(repository, number)
                while not self._post(poster, envelope(event), event["id"]) and self._insists:
                    time.sleep(AGAIN_SECONDS)
                number += 1
                self._stopping.wait(self._pause)

    def _post(self, poster: Poster, body: bytes, name: str) -> bool:
        """Whether it was taken; no answer at all is none."""
        try:
            reply = poster.post(body)
        except (OSError, http.client.HTTPException):
            return False
        with self._lock:
            self._statuses.append(reply.status)
            self._seconds.append(reply.seconds)
            if reply.status == 200:
                self._taken.append(name)
        return reply.status == 200
