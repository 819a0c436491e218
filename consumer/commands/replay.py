"""`registry-worker replay`."""

import asyncio
import secrets
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import click

from consumer.commands.matching import say_unmatched
from consumer.commands.options import PlaceType, endpoint_named, selecting
from consumer.commands.pause_notice import warn_of_pauses
from consumer.commands.progress import ReadingBars, shown_with_rate
from consumer.filters.selection import Selection
from consumer.operations.log_view import LogView
from consumer.places import Bounds, Place
from consumer.record import Record
from consumer.replay.plan import PlanError, ReplayPlan, mark_of
from consumer.replay.preview import preview_of
from consumer.replay.replay import Job, Replay
from consumer.replay.report import ReplayReport
from consumer.replay.run_store import RUN, Runs, new_run
from consumer.replay.target import ReplayFilter, target_of
from runtime.cli.options import common_options
from runtime.cli.running import run_service
from runtime.cli.terminal import printable
from runtime.clock import SystemClock
from runtime.config import End, EndpointSettings, Settings
from runtime.config.http_values import url_fault
from runtime.counts import counted

_CLIENT_ID: Final = "registry-worker-replay"
_FROM: Final = "From this place, included: beginning, end, a time, -24h, PARTITION:OFFSET[,...]."
_RESUME: Final = "Continue a run that was stopped or killed, with its range and filters."


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a new run."""

    name: str
    from_: Place | None
    to: Place | None
    selection: Selection
    everything: bool
    url: str
    rate: float | None
    dry_run: bool


@click.command("replay", epilog="Example: registry-worker replay -c bridge.yaml --endpoint ci --from -24h --dry-run")
@common_options
@click.option("--endpoint", "name", default="", metavar="E", help="The endpoint to deliver to.")
@click.option("--from", "from_", type=PlaceType(), help=_FROM)
@click.option("--to", type=PlaceType(), help="Up to this place, which is excluded. [end]")
@selecting
@click.option("--id", "event_id", default="", metavar="ID", help="Only the event with this id.")
@click.option("--all", "everything", is_flag=True, help="Also deliver events that the endpoint's filters would drop.")
@click.option("--url", default="", metavar="URL", help="Deliver to this address instead of the endpoint's own.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="At most N requests a second.")
@click.option("--dry-run", is_flag=True, help="Count what would be delivered, and send nothing.")
@click.option("--resume", metavar="RUN", default="", help=_RESUME)
def replay_command(*, settings: Settings, selection: Selection, event_id: str, resume: str, **given: Any) -> int:
    """Deliver a range of the log to an endpoint again.

    Live delivery goes on meanwhile, and its cursor is not moved. Requests are the same as in live delivery, with
    the additional header registry-replay: RUN. The summary names each event that the endpoint did not accept. Exit
    0 only if everything was delivered.
    """
    options = Options(selection=replace(selection, event_id=event_id), **given)
    refuse_bad_url(options.url)
    with LogView(settings, client_id=_CLIENT_ID, clock=SystemClock(), progress=ReadingBars()) as view:
        runs = Runs(view.groups, prefix=settings.worker.group_prefix, topic=settings.topics.events)
        if resume:
            return _resumed(settings, options, runs, resume, view)
        return _new(settings, options, runs, view)


def refuse_bad_url(url: str) -> None:
    """An address is checked before anything is kept; it is not shown, as it can hold secrets.

    Raises:
        click.UsageError: it is none.
    """
    if url and (fault := url_fault(url)):
        raise click.UsageError(f"--url {fault}")


def _new(settings: Settings, options: Options, runs: Runs, view: LogView) -> int:
    endpoint = _endpoint(settings, options.name, options)
    if options.from_ is None:
        raise click.UsageError("--from is missing: name the place where the range begins")
    topic = settings.topics.events
    found = view.ranges(topic, options.from_, options.to or End())
    spans = {number: span for number, span in found.items() if span}
    run = new_run(view.clock.wall(), secrets.token_hex(2))
    target = _target(endpoint, run, options, everything=options.everything)
    if options.dry_run:
        return _previewed(view.scan(topic, spans, "reading"), target, options.selection)
    if not spans:
        click.echo(f"{endpoint.name}: the range is empty")
        return 0
    plan = ReplayPlan(run, endpoint.name, spans, options.selection, options.everything, mark_of(run, options.url))
    _warn_of_pause(view, endpoint, options)
    runs.begin(plan)
    bounds = Bounds({n: span.start for n, span in spans.items()}, {n: span.stop for n, span in spans.items()})
    return _run(settings, runs, Job(plan, target, runs.progress(plan, bounds)))


def _resumed(settings: Settings, options: Options, runs: Runs, run: str, view: LogView) -> int:
    bounds = view.bounds(settings.topics.events)
    if options.from_ or options.to or not options.selection.is_empty or options.everything or options.dry_run:
        raise click.UsageError(
            "--resume can be combined only with --endpoint, --url and --rate: the run has its own range and filters"
        )
    if not RUN.fullmatch(run):
        raise click.UsageError(f"{run!r} is not the name of a run, such as 20260301-101500-3fa9")
    plan = runs.find(run, bounds)
    if options.name and options.name != plan.endpoint:
        raise click.UsageError(f"run {run} is for endpoint {plan.endpoint}, not {options.name}")
    if mark_of(run, options.url) != plan.address_mark:
        asked = "delivers to another address: give the same --url" if plan.address_mark else "delivers to its endpoint"
        raise PlanError(f"run {run} {asked}" + ("" if plan.address_mark or not options.url else ", not to a --url"))
    endpoint = _endpoint(settings, plan.endpoint, options)
    target = _target(endpoint, run, options, everything=plan.everything)
    _warn_of_pause(view, endpoint, options)
    return _run(settings, runs, Job(plan, target, runs.progress(plan, bounds)))


def _endpoint(settings: Settings, name: str, options: Options) -> EndpointSettings:
    if not name:
        raise click.UsageError("--endpoint is missing: name the endpoint to deliver to")
    endpoint = endpoint_named(settings, name)
    if endpoint.disabled and not options.url:
        raise click.UsageError(f"endpoint {name} is disabled in the configuration")
    return endpoint


def _warn_of_pause(view: LogView, endpoint: EndpointSettings, options: Options) -> None:
    if not options.url:
        warn_of_pauses(view, [endpoint])


def _target(endpoint: EndpointSettings, run: str, options: Options, *, everything: bool) -> EndpointSettings:
    return target_of(endpoint, run, url=options.url, rate=options.rate, everything=everything)


def _previewed(records: Iterable[Record], target: EndpointSettings, selection: Selection) -> int:
    preview = preview_of(records, ReplayFilter(target, selection))
    for line in preview.lines(target.name):
        click.echo(line)
    if preview.not_selected and not (preview.wanted or preview.filtered):
        say_unmatched(selection, "of the range")
    return 0


def _run(settings: Settings, runs: Runs, job: Job) -> int:
    """Deliver; SIGINT and SIGTERM end it in order."""
    run = job.plan.run
    what = (
        f"up to {counted(job.asked, 'record')} of {settings.topics.events} to {job.target.name} ({job.target.safe_url})"
    )
    click.echo(f"replay {run}: {what}", err=True)
    found: list[ReplayReport] = []
    clock = SystemClock()
    with shown_with_rate(job.asked, f"replay {run}", clock) as progress:

        async def service(stop: asyncio.Event) -> int:
            found.append(await Replay(job, settings, runs, clock).run(stop, progress))
            return 0

        run_service(service)
    for line in found[0].lines(_options_again(job)):
        click.echo(printable(line))
    if found[0].none_selected:
        say_unmatched(job.plan.selection, "of the range")
    return 0 if found[0].is_complete else 1


def _options_again(job: Job) -> str:
    """The options that a resumed run needs too; the URL is not shown, as it can hold secrets."""
    config = click.get_current_context().params.get("config")
    file = f" -c {shlex.quote(str(config))}" if config else ""
    return file + (" --url URL, with the same URL" if job.plan.address_mark else "")
