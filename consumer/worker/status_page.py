"""The page for a person: what each endpoint does, and why it waits."""

import base64
import html
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from consumer.endpoint.live_status import LiveStatus
from runtime.http.asgi import Response


def status_page(statuses: Iterable[LiveStatus]) -> Response:
    """A table with a row for each endpoint; what nobody knows is a question mark."""
    rows = "".join(_row(status) for status in statuses)
    text = _PAGE.replace("ROWS", rows)
    headers = {"content-security-policy": _POLICY}
    return Response(200, text.encode(), headers, content_type="text/html; charset=utf-8")


def _row(status: LiveStatus) -> str:
    age = "" if status.oldest_age_s is None else f"{status.oldest_age_s:.0f} s"
    cells = (
        status.endpoint,
        status.url,
        "?" if status.lag is None else str(status.lag),
        age,
        f"{status.in_flight} / {status.limit}",
        status.breaker or "?",
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
