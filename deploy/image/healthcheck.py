#!/usr/bin/env python3
"""Whether the command of this container is alive: exit 0 if /livez answers 200 at one of the addresses.

The intake listens at port 5050 and the worker at 5051. If yours listen elsewhere or speak TLS, set HEALTHCHECK_URLS to
the address of /livez; several are separated by spaces.
"""

import http.client
import os
import ssl
import sys
from urllib.parse import urlsplit

URLS = "http://127.0.0.1:5050/livez http://127.0.0.1:5051/livez"
TIMEOUT_S = 8.0
"""A worker of several processes asks each of them for 5 s."""


def fault_at(url: str) -> str:
    """Why it is not alive there; empty if it is."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        # The own process on the loopback: its certificate is for another name.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001 - the public way to it is longer, not safer
        asked: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=TIMEOUT_S, context=context
        )
    else:
        asked = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    try:
        asked.request("GET", parts.path)
        status = asked.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error or type(error).__name__}"
    finally:
        asked.close()
    return "" if status == http.client.OK else f"{url}: {status}"


def main() -> int:
    """Ask one after another; the exit status."""
    faults = []
    for url in os.environ.get("HEALTHCHECK_URLS", URLS).split():
        if not (fault := fault_at(url)):
            return 0
        faults.append(fault)
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1


if __name__ == "__main__":
    sys.exit(main())
