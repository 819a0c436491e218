"""The consuming half: from the log to endpoints, dead letters, replays, exports and reports.

The rooms, in the order of a record's way:

    filters/       which events are meant: globs, an endpoint's filters, a command line's selection
    offsets/       what of a partition is finished, what may be committed, and where a group stands
    log/           reading Kafka; alone knows its client
    lanes/         what may be sent next: one request at a time for each repository, repositories side by side
    delivery/      when a batch is sent, and what follows from its outcome; policy/ decides, webhook/ speaks HTTP,
                   sink/ calls Python
    attempts/      what endpoints were sent and what they answered, for whoever asks afterwards
    endpoint/      all of that for one endpoint, alive, and what it says of itself
    dead_letters/  what an endpoint will not get: written, listed, redriven, discarded
    analytics/     the log as files and tables, and the report on them
    tags/          the tags that are there now, folded from the events; pure
    worker/        `deliver`: all endpoints of a process, and whether it does its work
    operations/    what operators ask and do from outside: status, explain, tail, pauses, rewind
    replay/        a range of the log, delivered again
    materialize/   keeps the topic of tags
    commands/      the command line, one file a command

A room knows only rooms that stand before its own floor (pyproject.toml holds them to that).

The names that programs with sinks of their own import stand here; each is loaded when it is first asked for, so that a
module that only raises `EventRejectedError` loads no Kafka client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from consumer.delivery.sink.errors import EventRejectedError, SinkUnavailableError
    from consumer.delivery.sink.protocol import EventSink, RecordSink
    from consumer.embedding import Worker, WorkerEndedError, WorkerSettingsError
    from consumer.record import Record
    from runtime.errors import BridgeError

__all__ = [
    "BridgeError",
    "EventRejectedError",
    "EventSink",
    "Record",
    "RecordSink",
    "SinkUnavailableError",
    "Worker",
    "WorkerEndedError",
    "WorkerSettingsError",
]

_HOMES: Final = {
    "consumer.delivery.sink.errors": ("EventRejectedError", "SinkUnavailableError"),
    "consumer.delivery.sink.protocol": ("EventSink", "RecordSink"),
    "consumer.embedding": ("Worker", "WorkerEndedError", "WorkerSettingsError"),
    "consumer.record": ("Record",),
    "runtime.errors": ("BridgeError",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # PEP 562
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
