"""Reason phrases as Go's `http.StatusText` has them: the `code` label of the registry's own metrics. Pure.

Never the server's own words, and not Python's, which differ and change between versions.
"""

from http import HTTPStatus
from typing import Final

_GO: Final = {
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}
_COMMON: Final = {status.value: status.phrase for status in HTTPStatus}


def status_text(status: int) -> str:
    """`200 OK`; a status without a phrase keeps Go's trailing space."""
    return f"{status} {_GO.get(status) or _COMMON.get(status, '')}"
