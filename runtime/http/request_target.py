"""What a request asks for: the path and the query of its target, of which no fault repeats anything."""

import httptools

from runtime.http.request_framing import RequestFaultError


def path_and_query(target: bytes) -> tuple[str, bytes]:
    """Those of a request's target; a target without a path asks for the root (RFC 9112 section 3.2.1).

    Raises:
        RequestFaultError: it is no URL.
    """
    try:
        url = httptools.parse_url(target)
        return (url.path or b"/").decode("ascii"), url.query or b""
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        raise RequestFaultError("its target is not a URL") from None
