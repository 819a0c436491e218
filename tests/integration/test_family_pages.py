"""The pages of all processes at once, when some of them do not answer, or say that they are not ready."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry, Gauge

from runtime.http.asgi import Request, Response, Route, application
from runtime.http.bindings import UnixBinding
from runtime.http.get_json import NoAnswerError
from runtime.http.local_exchange import local_get
from runtime.http.probes import probe_routes
from runtime.http.server import Server
from runtime.processes.forwarding import forwarded_routes
from runtime.processes.keeper import Keeper
from runtime.processes.pages import ChildPages
from runtime.processes.parent_metrics import FamilyMetrics
from runtime.processes.probes import family_probes
from runtime.processes.restart_pauses import RestartPauses
from runtime.processes.slot import ChildSlot, NoFolderError, parent_pages, socket_folder
from runtime.side_threads import NotEndedError
from tests.kit.still_clock import StillClock


class Starter:
    """Starts nothing: these children are tasks of the test."""

    async def start(self, slot: ChildSlot) -> Any:
        """Never called."""
        raise NotImplementedError


class Child:
    """What a child says of itself."""

    def __init__(self, *reasons: str) -> None:
        self._reasons = list(reasons)
        self.registry = CollectorRegistry()
        Gauge("in_flight", "In flight", registry=self.registry).set(2)

    async def reasons(self) -> list[str]:
        """Why it is not ready."""
        return self._reasons

    def routes(self) -> list[Route]:
        """Its own pages."""
        return probe_routes(self, self.registry)


class FaultyChild(Child):
    """Answers something else."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self._answer = answer

    def routes(self) -> list[Route]:
        """Its page of readiness before its other ones."""

        async def readyz(_: Request) -> Response:
            return self._answer

        return [Route.get("/readyz", readyz), *super().routes()]


NO_HURRY_S = 180.0


@asynccontextmanager
async def serving(path: Path, routes: list[Route]) -> AsyncIterator[None]:
    """A server at a socket in a folder."""
    stop = asyncio.Event()
    running = asyncio.create_task(Server(application(routes), UnixBinding(path), drain_s=1.0).serve(stop))
    try:
        yield
    finally:
        stop.set()
        await running


class Family:
    """A parent of three, of which the third is not up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keepers = [
            Keeper(ChildSlot(number, folder), Starter(), RestartPauses(lambda: 0.0), StillClock())
            for number in (1, 2, 3)
        ]
        for keeper in self.keepers[:2]:
            keeper.trouble = ""
        pages = ChildPages(self.keepers, limit_s=NO_HURRY_S)
        self.routes = family_probes(pages, FamilyMetrics("registry_test", self.keepers, pages, {"in_flight": "sum"}))

    async def pages(self, *children: Child) -> dict[str, tuple[int, str]]:
        """Status and text of each page while these children listen, the first ones of those that are up."""
        async with AsyncExitStack() as running:
            for number, child in enumerate(children, 1):
                await running.enter_async_context(serving(self.folder / str(number), child.routes()))
            await running.enter_async_context(serving(parent_pages(self.folder), self.routes))
            await running.enter_async_context(serving(self.folder / "door", self.door()))
            found = {path: await local_get(self.folder / "door", path, limit_s=NO_HURRY_S) for path in PATHS}
        return {path: (answer.status, answer.body.decode()) for path, answer in found.items()}

    def door(self) -> list[Route]:
        """What a child serves of all."""
        return forwarded_routes(parent_pages(self.folder), PATHS)


PATHS = ("/livez", "/readyz", "/metrics")


def test_each_reason_has_the_name_of_its_process(tmp_path: Path) -> None:
    """One that is not up is not ready, and alive: it is being seen to."""

    async def scenario() -> None:
        pages = await Family(tmp_path).pages(Child(), Child("Kafka is away"))
        assert (200, '{"status":"alive"}') == pages["/livez"]
        status, text = pages["/readyz"]
        assert (503, ["process 2: Kafka is away", "process 3: it is not started yet"]) == (
            status,
            msgspec.json.decode(text)["reasons"],
        )
        assert "\nin_flight 4.0\n" in pages["/metrics"][1]
        assert '\nregistry_test_process_up{process="3"} 0.0\n' in pages["/metrics"][1]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        Response.text(500, "internal error"),
        Response.text(503, "busy"),
        Response.json(500, {"error": "internal"}),
        Response.json(503, {"status": "not ready", "reasons": []}),
    ],
)
def test_one_that_cannot_say_whether_it_is_ready(answer: Response, tmp_path: Path) -> None:
    """It is not ready: all that is known is the status."""

    async def scenario() -> None:
        pages = await Family(tmp_path).pages(Child(), FaultyChild(answer))
        assert (503, f"process 2: /readyz answered {answer.status}") == (
            pages["/readyz"][0],
            msgspec.json.decode(pages["/readyz"][1])["reasons"][0],
        )

    asyncio.run(scenario())


def test_one_that_does_not_answer(tmp_path: Path) -> None:
    """It is not alive and not ready, and what is in flight in all is not known."""

    async def scenario() -> None:
        pages = await Family(tmp_path).pages(Child())
        status, text = pages["/livez"]
        (reason,) = msgspec.json.decode(text)["reasons"]
        assert status == 503
        assert reason.startswith("process 2: it does not answer: ")
        assert (503, [reason, "process 3: it is not started yet"]) == (
            pages["/readyz"][0],
            msgspec.json.decode(pages["/readyz"][1])["reasons"],
        )
        assert "in_flight" not in pages["/metrics"][1]

    asyncio.run(scenario())


def test_a_child_without_its_parent(tmp_path: Path) -> None:
    """Says so."""

    async def scenario() -> None:
        async with serving(tmp_path / "door", Family(tmp_path).door()):
            answer = await local_get(tmp_path / "door", "/readyz", limit_s=NO_HURRY_S)
        assert (503, b"the parent process cannot be asked") == (answer.status, answer.body[10:44])

    asyncio.run(scenario())


def test_an_answer_has_its_time(tmp_path: Path) -> None:
    """Whoever asks does not wait for ever for a process that stands still."""

    async def scenario() -> None:
        with UnixBinding(tmp_path / "frozen").bind(), pytest.raises((NoAnswerError, NotEndedError)):
            await local_get(tmp_path / "frozen", "/livez", limit_s=0.1)

    asyncio.run(scenario())


def test_no_place_for_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose name leaves no room for a socket's, or that is not there, is refused at once."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    for folder, told in ((long, "name a shorter folder by TMPDIR"), (tmp_path / "missing", "name one by TMPDIR")):
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        with pytest.raises(NoFolderError, match=told), socket_folder("registry-worker"):
            pass
