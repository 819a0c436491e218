"""The worker's page over facts that a test makes up, served in a thread of this process."""

import asyncio
import threading
from collections.abc import Sequence

from msgspec.structs import replace

from broker.ports import LOOPBACK, free_port
from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.worker.page.document import PageSettings
from consumer.worker.page.facts import WorkerFacts
from consumer.worker.page.live import LivePages
from consumer.worker.page.routes import live_routes
from runtime.clock import SystemClock
from runtime.config import EndpointSettings
from runtime.config.addresses import Address
from runtime.http.asgi import application
from runtime.http.bindings import TcpBinding
from runtime.http.server import Server
from tests.kit.eventually import LIMIT_S
from tests.kit.page_facts import made_attempts
from tests.kit.running import Running

SETTINGS = PageSettings(
    release="0.1.0",
    host="worker-7f9c",
    topic="registry.events",
    intake="http://127.0.0.1:5050/events",
    asks_authorization=True,
    processes=1,
)


class PageServer(Running):
    """The page of a worker that says what a test says, at any time.

    Args:
        facts: what the worker says first.
    """

    def __init__(self, facts: WorkerFacts) -> None:
        self.said = 0
        self.say(facts)
        self.looks = 0
        self.asked = 0
        """For attempts."""
        self._address = Address(LOOPBACK, free_port())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()

    def say(self, facts: WorkerFacts) -> None:
        """Have the worker say this from now on; the page names `mark` as soon as it shows it."""
        self.said += 1
        self.facts = replace(facts, not_served=[self.mark])

    @property
    def mark(self) -> str:
        """Of what the worker says now."""
        return f"facts-{self.said}."

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://{self._address}/"

    async def look(self) -> WorkerFacts:
        """What the worker says now."""
        self.looks += 1
        return self.facts

    @property
    def endpoints(self) -> Sequence[EndpointSettings]:
        """Nobody asks for their settings."""
        return ()

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """The last ones of an endpoint, some of which failed."""
        self.asked += 1
        return FoundAttempts(list(made_attempts(question.limit)))

    def begin(self) -> None:
        """Starts the thread."""
        self._listening.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()

    def is_up(self) -> bool:
        """Whether it listens."""
        return self._listening.wait(LIMIT_S)

    def stop(self) -> None:
        """Ends it as a worker ends: open pages are told. Quiet if it is down."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = None

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        clock = SystemClock()
        live = LivePages(self, clock, self._stop)
        server = Server(application(live_routes(live, self, SETTINGS, clock)), TcpBinding(self._address), drain_s=1)
        serving = asyncio.create_task(server.serve(self._stop))
        self._listening.set()
        await serving
