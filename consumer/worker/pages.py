"""The pages at the worker's address.

`/status` for the command of that name, `/debug/vars` in the registry's expvar shape, and `/`, the same for a person.
No header value, user info or query is in any of them.
"""

import base64
import html
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.inspection import live_status_of
from consumer.endpoint.live_status import LiveStatus
from consumer.endpoint.metrics import WorkerMetrics
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.http.asgi import Request, Response, Route
from runtime.kafka.pulse import Pulse

_NANOSECONDS: Final = 1_000_000_000
_COUNTERS: Final = ("Events", "Successes", "Failures", "Errors")


def page_routes(endpoints: Iterable[Endpoint], metrics: WorkerMetrics, clock: Clock, pulse: Pulse) -> list[Route]:
    """The routes; what nobody knows while Kafka does not answer is null, and a question mark on the page."""
    served = tuple(endpoints)

    def look(endpoint: Endpoint) -> LiveStatus:
        return live_status_of(endpoint, clock, pulse.unreachable_because)

    async def status(_: Request) -> Response:
        return Response.json(200, [look(endpoint).as_json() for endpoint in served])

    async def variables(_: Request) -> Response:
        shown = [_expvar(endpoint.settings, look(endpoint), metrics) for endpoint in served]
        return Response.json(200, {"registry": {"notifications": {"endpoints": shown or None}}})

    async def page(_: Request) -> Response:
        text = _page(look(endpoint) for endpoint in served)
        headers = {"content-security-policy": _POLICY}
        return Response(200, text.encode(), headers, content_type="text/html; charset=utf-8")

    return [Route.get("/status", status), Route.get("/debug/vars", variables), Route.get("/", page)]


def _expvar(settings: EndpointSettings, status: LiveStatus, metrics: WorkerMetrics) -> dict[str, Any]:
    """One endpoint as the registry's `registry.notifications.endpoints` has it; durations in nanoseconds."""
    name = settings.name
    return {
        "name": name,
        "url": settings.safe_url,
        "Headers": {header: ["***"] for header, _ in settings.headers} or None,
        "Timeout": int(settings.timeout_s * _NANOSECONDS),
        "Threshold": settings.threshold,
        "Backoff": int(settings.backoff_s * _NANOSECONDS),
        "IgnoredMediaTypes": sorted(settings.ignored_media_types) or None,
        "Ignore": {
            "MediaTypes": sorted(settings.ignored_media_types) or None,
            "Actions": sorted(settings.ignored_actions) or None,
        },
        "Metrics": {"Pending": status.lag, **_counted(name, metrics), "Statuses": _statuses(name, metrics)},
    }


def _counted(name: str, metrics: WorkerMetrics) -> dict[str, int]:
    values = _samples(metrics.events.collect(), name)
    return {kind: values.get(kind, 0) for kind in _COUNTERS}


def _statuses(name: str, metrics: WorkerMetrics) -> dict[str, int]:
    return {code: count for code, count in _samples(metrics.status.collect(), name).items() if count}


def _samples(families: Iterable[Any], name: str) -> dict[str, int]:
    """The other label's values to counts, for one endpoint."""
    found = {}
    for family in families:
        for sample in family.samples:
            labels: Mapping[str, str] = sample.labels
            if sample.name.endswith("_total") and labels.get("endpoint") == name:
                found[next(value for key, value in labels.items() if key != "endpoint")] = int(sample.value)
    return found


def _page(statuses: Iterable[LiveStatus]) -> str:
    rows = "".join(_row(status) for status in statuses)
    return _PAGE.replace("ROWS", rows)


def _row(status: LiveStatus) -> str:
    age = "" if status.oldest_age_s is None else f"{status.oldest_age_s:.0f} s"
    cells = (
        status.endpoint,
        status.url,
        "?" if status.lag is None else str(status.lag),
        age,
        f"{status.in_flight} / {status.limit}",
        status.breaker,
        "; ".join(status.waits_because),
    )
    mark = ' class="bad"' if status.waits_because else ""
    return f"<tr{mark}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--ink:#222;--soft:#666;--line:#ddd;--bad:#fff4e5;--link:#1a56b0}
@media screen and (prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e6eaf0;--soft:#97a3b3;--line:#2b3441;
--bad:#3d2e14;--link:#8ab4ff}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;background:var(--paper);color:var(--ink)}a{color:var(--link)}
div{overflow-x:auto}table{border-collapse:collapse;width:100%}th{color:var(--soft);font-weight:600;white-space:nowrap}
th,td{text-align:left;padding:.4rem .8rem;border-bottom:1px solid var(--line)}td{min-width:4rem}
td:nth-child(2),td:last-child{min-width:10rem;overflow-wrap:anywhere}.bad td{background:var(--bad)}
@media(max-width:500px){body{margin:1rem}th,td{padding:.4rem}}"""
_POLICY: Final = (
    "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
"""Nothing but the page's own style and its empty icon."""
_PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>registry-worker</title><link rel="icon" href="data:,"><meta http-equiv="refresh" content="5">
<style>{_STYLE}</style></head><body><h1>registry-worker</h1>
<div tabindex="0" role="region" aria-label="Endpoints"><table><thead><tr><th>Endpoint</th><th>URL</th><th>Lag</th>
<th>Oldest</th><th>In flight</th><th>Breaker</th><th>Waits because</th></tr></thead><tbody>ROWS</tbody></table></div>
<p><a href="/status">status</a> · <a href="/metrics">metrics</a> · <a href="/debug/vars">debug/vars</a></p>
</body></html>
"""
