"""The log as this half reads it: the only place here that imports Kafka's client."""

from consumer.log.listener import Assigned, Commit, LogListener
from consumer.log.reader import Log

__all__ = ["Assigned", "Commit", "Log", "LogListener"]
