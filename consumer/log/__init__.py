"""The log as this half reads it: the only place here that imports Kafka's client."""

from consumer.log.listener import NOT_YET, Assigned, Commit, LogListener, SettingsOf
from consumer.log.reader_thread import Log

__all__ = ["NOT_YET", "Assigned", "Commit", "Log", "LogListener", "SettingsOf"]
