"""What a browser may do with an answer: show it, and nothing else. A page that needs more says so itself. Pure."""

from typing import Final

GUARD_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""Of every answer."""
