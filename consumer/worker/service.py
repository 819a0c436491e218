"""`registry-worker deliver`: where this half is put together, and the order in which it stops."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from consumer.endpoint.inspection import facts_of
from consumer.endpoint.reasons import reasons_of
from consumer.worker.act_routes import guard_of
from consumer.worker.assembly import Watches, backlogs_of, endpoint_of, watches_of
from consumer.worker.backlogs import Backlogs
from consumer.worker.caught_up import CaughtUp
from consumer.worker.changeover import Changeover
from consumer.worker.difference_route import difference_route
from consumer.worker.open_letters import OpenLetterWatch
from consumer.worker.page.live import LivePages
from consumer.worker.page.observation import ProcessObserver
from consumer.worker.page.routes import facts_route, live_routes
from consumer.worker.page.settings import page_settings
from consumer.worker.pages import ProcessView, page_routes
from consumer.worker.parts import Parts, parts_of
from consumer.worker.process_acts import ProcessActs
from consumer.worker.reload import WorkerEndpoints, WorkerReload
from consumer.worker.reload_plan import chosen
from consumer.worker.routes import worker_routes
from consumer.worker.served import Served
from runtime.clock import Clock
from runtime.config import Address, EndpointSettings, Settings
from runtime.deadline import CLOSE_GRACE_S, Deadline
from runtime.http.asgi import application
from runtime.http.bindings import Binding
from runtime.http.probes import probe_routes
from runtime.http.server import Server
from runtime.last_resort import GRACE_S, ended_within
from runtime.reloading.reloadable import ReloadSource
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

PAGES_DRAIN_S: Final = 1.0
"""For whoever reads a page when the worker stops."""


async def deliver(
    settings: Settings,
    names: Sequence[str],
    stop: asyncio.Event,
    binding: Binding,
    reloads: ReloadSource,
    *,
    pages: Address,
) -> int:
    """Serve endpoints until `stop` is set; then let what is in flight end, and commit. The exit status.

    Args:
        settings: to begin with.
        names: of the endpoints; empty: all that are enabled.
        stop: set to stop.
        binding: of the pages.
        reloads: where further settings come from.
        pages: where others find the pages of this worker, which may be those of all its processes.
    """
    endpoints = chosen(settings, names)
    parts = parts_of(settings, served=len(endpoints), pages=pages)
    served = Served(settings, [endpoint_of(parts, endpoint) for endpoint in endpoints])
    ready = asyncio.Event()
    watches = watches_of(parts, served)
    backlogs = backlogs_of(parts, served)
    view = ProcessView(served, parts.metrics, parts.clock, parts.pulse)
    observer = _observer(parts, served, watches, backlogs)
    page = live_routes(LivePages(observer, parts.clock, stop), view, page_settings(settings), parts.clock)
    guard, acts = guard_of(settings.worker, binding), ProcessActs(served, watches.pauses, parts.clock)
    shown = [*probe_routes(watches.health, parts.metrics.registry), *page_routes(view), *page]
    shown.append(difference_route(guard, served, names))
    routes = worker_routes(settings, shown, guard, acts, private=[facts_route(observer)])
    server = Server(application(routes), binding, drain_s=PAGES_DRAIN_S)
    changeover = changeover_of(parts, served, watches, ready)
    target = WorkerReload(parts, served, backlogs, changeover, names=names, tls=binding.tls, guard=guard)
    backlogs.start()
    running = asyncio.create_task(_run(parts, served, watches, ready))
    running.add_done_callback(lambda task: None if task.cancelled() else _stop_if_failed(task, stop))
    reloading = asyncio.create_task(reloads.feed(target, parts.metrics.registry))
    serving = asyncio.create_task(server.serve(stop))
    counting = asyncio.create_task(observer.keep_counting())
    await _until_stopped(stop, serving)
    counting.cancel()
    deadline = _closing_deadline(parts, served, changeover)
    backlogs.stop()
    await _ended(reloading)
    try:
        return await _stop(parts, changeover, running, deadline)
    finally:
        await serving


def _observer(parts: Parts, served: Served, watches: Watches, backlogs: Backlogs) -> ProcessObserver:
    letters = OpenLetterWatch(parts.settings.topics.dead_letters, parts.admin, parts, parts.clock)
    health, kafka = watches.health, parts.pulse
    return ProcessObserver(served, backlogs, watches.ownership, letters, health=health, kafka=kafka, clock=parts.clock)


async def deliver_until_caught_up(
    settings: Settings, endpoints: Sequence[EndpointSettings], stop: asyncio.Event, *, timeout_s: float | None
) -> int:
    """Serve these endpoints until all that the log has now is finished and committed: 0; or 1 at the timeout."""
    parts = parts_of(settings, served=len(endpoints))
    served = Served(settings, [endpoint_of(parts, endpoint) for endpoint in endpoints])
    ready = asyncio.Event()
    watches = watches_of(parts, served)
    changeover = changeover_of(parts, served, watches, ready)
    running = asyncio.create_task(_run(parts, served, watches, ready))
    stopping = asyncio.create_task(stop.wait())
    target = CaughtUp(parts.admin, parts.groups, settings.topics.events, [endpoint.group for endpoint in served])
    waiting = asyncio.create_task(_wait_for(target, ready, timeout_s))
    await asyncio.wait((running, stopping, waiting), return_when=asyncio.FIRST_COMPLETED)
    deadline = _closing_deadline(parts, served, changeover)
    stopping.cancel()
    finished = waiting.done() and waiting.result()
    waiting.cancel()
    if not finished and not running.done():
        await target.look_once_more()
        finished = not target.owed
        _log_late(target, served, parts.clock)
    failed = await _stop(parts, changeover, running, deadline)
    return failed or (0 if finished else 1)


def changeover_of(parts: Parts, served: Served, watches: Watches, ready: asyncio.Event) -> Changeover:
    """What changes these endpoints; `ready` is set when they are begun."""
    return Changeover(served, WorkerEndpoints(parts, watches.preparation, watches.pauses), ready, parts.clock)


async def _wait_for(target: CaughtUp, ready: asyncio.Event, timeout_s: float | None) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await ready.wait()
            await target.wait()
    except TimeoutError:
        return False
    return True


def _log_late(target: CaughtUp, served: Served, clock: Clock) -> None:
    for endpoint in served:
        if endpoint.group in target.owed:
            _log.error(
                "deliver.not_caught_up",
                endpoint=endpoint.settings.name,
                lag=target.owed[endpoint.group],
                waits_because=reasons_of(facts_of(endpoint, clock.monotonic())) or ["its last commit is not finished"],
            )


async def _run(parts: Parts, served: Served, watches: Watches, ready: asyncio.Event) -> None:
    await watches.preparation.run()
    watches.pauses.apply()
    parts.pulse.start()
    parts.attempt_log.start()
    for endpoint in served:
        endpoint.start()
    ready.set()
    await watches.run(parts, served)


def _stop_if_failed(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    if task.exception() is not None:
        stop.set()


async def _until_stopped(stop: asyncio.Event, serving: "asyncio.Task[None]") -> None:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    stop.set()


def _closing_deadline(parts: Parts, served: Served, changeover: Changeover) -> Deadline:
    """When all is closed that is closed from now on: each step gets what is left of the time."""
    worker = parts.settings.worker
    every = (*served, *changeover.closing)
    drain_s = max((worker.drain_of(endpoint.settings) for endpoint in every), default=worker.drain_s)
    return Deadline.after(drain_s + CLOSE_GRACE_S, parts.clock)


async def _ended(task: "asyncio.Task[None]") -> None:
    """Cancel it, and return when it has ended."""
    task.cancel()
    await asyncio.wait((task,))


async def _stop(parts: Parts, endpoints: Changeover, running: "asyncio.Task[None]", deadline: Deadline) -> int:
    running.cancel()
    parts.pulse.stop()
    with ended_within(deadline.left_s + GRACE_S):
        await endpoints.close(deadline)
        await parts.attempt_log.close(deadline.left_s)
        await beside(parts.writer.close, deadline.left_s)
        parts.large_events.close()
        if parts.tracing is not None:
            await parts.tracing.close(deadline.left_s)
        _log.info("stopped")
    (failure,) = await asyncio.gather(running, return_exceptions=True)
    if isinstance(failure, Exception):
        raise failure
    return 0
