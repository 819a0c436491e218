"""Loopback ports: which are free, and which to choose. Knows nothing of Kafka.

Ports are chosen below the range from which systems take the source ports of outgoing connections. A port out of that
range can be lost while its server is down, and a client that keeps connecting to it can even end up connected to
itself.
"""

import os
import random
import re
import socket
from collections import deque
from collections.abc import Mapping

from broker.errors import LocalKafkaError

LOOPBACK = "127.0.0.1"
CHOICE = range(20_000, 32_000)
TRIES = 200
SHARE = "LOCAL_PORTS_SHARE"
ALL = "0/1"
_GIVEN = deque[int](maxlen=100)  # half of the least that a share leaves


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback's `port` now."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that are still being forgotten do not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
        return True


def free_port(environment: Mapping[str, str] = os.environ) -> int:
    """A port of the loopback on which nothing listens, and none of the 100 that this process was given last.

    So servers can be given their ports before the first of them listens, and one can be down for a while.

    Args:
        environment: `LOCAL_PORTS_SHARE=I/N` leaves the I-th of N equal shares of the ports, counted from 0. Processes
            with different shares never choose the same port, though its server be down for a while.

    Raises:
        LocalKafkaError: no free port was found, or the share is none.
    """
    ports = [port for port in choice(environment.get(SHARE, ALL)) if port not in _GIVEN]
    for port in random.SystemRandom().sample(ports, min(TRIES, len(ports))):
        if is_free(port):
            _GIVEN.append(port)
            return port
    raise LocalKafkaError(f"no free port found on {LOOPBACK} between {CHOICE.start} and {CHOICE.stop - 1}")


def choice(share: str) -> range:
    """The ports of a share; raises LocalKafkaError if it is not I/N, or leaves fewer than are tried."""
    index, count = _parts(share)
    return CHOICE[index::count]


def subshare(share: str, index: int, count: int) -> str:
    """The `index`-th of `count` equal parts of a share, as a share; raises LocalKafkaError if the share is none."""
    outer, outers = _parts(share)
    return f"{outer + outers * index}/{outers * count}"


def _parts(share: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", share)
    if match is None or int(match[1]) >= int(match[2]) or len(CHOICE) // int(match[2]) < TRIES:
        raise LocalKafkaError(f"{SHARE}={share!r} is no share: write I/N with I from 0 to N-1, and N up to 60")
    return int(match[1]), int(match[2])
