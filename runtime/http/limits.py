"""How much of a request's head the server reads, how long it waits for what, and how many connections it keeps. Pure.

docs/configuration.md lists them for operators. None can be configured: they are far beyond what a registry, a browser
or a monitoring system sends, and together they bound the memory that a stranger can take without authorization.
"""

from typing import Final

MAX_HEAD_BYTES: Final = 64 * 1024
"""Request line and headers together; trailers together."""
MAX_HEADERS: Final = 100
"""Headers and trailers of one request together."""
MAX_CHUNK_LINES_BYTES: Final = 64 * 1024
"""Lines that say how long each chunk is, with their extensions, beyond one byte in `CHUNK_DATA_PER_LINE_BYTE`."""
CHUNK_DATA_PER_LINE_BYTE: Final = 16
"""A sender of chunks of 100 bytes or more stays within it."""

HEAD_LIMIT_S: Final = 10.0
"""From connecting, or from the first byte of a later request, to the end of the head."""
KEEP_ALIVE_S: Final = 75.0
"""From an answer to the first byte of the next request."""
BODY_STEP_BYTES: Final = 64 * 1024
BODY_STEP_LIMIT_S: Final = 10.0
"""For each `BODY_STEP_BYTES` of a body, and for the rest of it."""
UNREAD_LIMIT_S: Final = 10.0
"""For a client to read an answer, and for the rest of a body after its answer."""

MAX_CONNECTIONS: Final = 512
"""Open at a time; above that, the one that has kept its request waiting longest makes room for the new one."""
READ_BYTES: Final = 16 * 1024
"""Read of one connection before it is another's turn."""
