"""Loopback ports: which are free, and which to choose. Knows nothing of Kafka.

Ports are chosen below the range from which systems take the source ports of outgoing connections. A port out of that
range can be lost while its server is down, and a client that keeps connecting to it can even end up connected to
itself.
"""

import random
import socket

from broker.errors import LocalKafkaError

LOOPBACK = "127.0.0.1"
CHOICE = range(20_000, 32_000)
TRIES = 200


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


def free_port() -> int:
    """A port of the loopback on which nothing listens.

    Raises:
        LocalKafkaError: no free port was found.
    """
    for port in random.SystemRandom().sample(CHOICE, TRIES):
        if is_free(port):
            return port
    raise LocalKafkaError(f"no free port found on {LOOPBACK} between {CHOICE.start} and {CHOICE.stop - 1}")
