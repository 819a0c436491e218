"""A real Kafka Connect worker in a process of its own: its jars by Maven, its life bound to the test's."""

from tests.kit.connect.worker import ConnectWorker, fetch

__all__ = ["ConnectWorker", "fetch"]
