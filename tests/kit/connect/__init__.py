"""A real Kafka Connect worker in a process of its own: its jars from its lock, its life bound to the test's."""

from tests.kit.connect.worker import MIRROR_MAKER, PROGRAM, ConnectWorker

__all__ = ["MIRROR_MAKER", "PROGRAM", "ConnectWorker"]
