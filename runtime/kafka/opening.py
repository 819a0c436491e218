"""Clients of Kafka that are opened while the process runs, some in the place of one that is of no use any more.

A client reads the files of its settings when it is made, and one of them can be missing or unfinished by then: a
certificate authority that is being replaced.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from confluent_kafka import KafkaError, KafkaException

from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.errors import translated
from runtime.news import News

_log: Final = structlog.get_logger(__name__)

_MATTER: Final = "opening"
_Client = TypeVar("_Client")


def opened(make: Callable[[], _Client], doing: str = "opening a client of Kafka") -> _Client:
    """A client.

    Args:
        make: makes it.
        doing: what for, which begins the error.

    Raises:
        KafkaUnavailableError: it cannot be made now.
    """
    try:
        return make()
    except KafkaException as error:
        raise translated(error, doing) from error


def another(make: Callable[[], _Client], faults: ConnectionFaults, news: News) -> _Client | None:
    """Another client, or None if none can be made now: then whoever asks keeps the one that it has, and asks again.

    Args:
        make: makes it.
        faults: of the connection, for which that is another one.
        news: of this client; what is in the way is logged once.
    """
    try:
        made = make()
    except KafkaException as error:
        cause = error.args[0]
        if isinstance(cause, KafkaError):
            faults.note(cause)
        reason = cause.str() if isinstance(cause, KafkaError) else str(cause)
        if news.is_news(_MATTER, reason):
            _log.error("kafka.client_not_opened", reason=reason, consequence="it is tried again until it can be opened")
        return None
    news.settled(_MATTER)
    return made
