"""The large events of a process, read beside its event loop: once for all endpoints, and held once.

To read a record of many values, and to write its JSON, takes up to half a second; one of 24 MiB takes memory. All
endpoints of a worker meet it at about the same time. So there is one thread for all of them, which does one piece of
work at a time; what it made last is kept while there is more to do, and work on that record goes first.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from consumer.delivery.webhook.formats import Sendable, request_of
from consumer.delivery.webhook.request import WebhookRequest
from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.config.endpoint_settings import WebhookForm
from schemas.event import Event

_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class _Piece:
    """A piece of work that was begun."""

    place: str
    """Of the record that it is about."""
    work: Callable[[], Any]
    ended: "asyncio.Future[Any]"


class LargeEvents:
    """Reads and renders large records on a thread of its own, which starts with the first of them."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="large-events")
        self._waiting: list[_Piece] = []
        self._is_busy = False
        self._last: Sendable | None = None
        self._requests: dict[WebhookForm, WebhookRequest] = {}
        """Of the last event, by what it is sent as."""

    def begin(self, record: Record, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        """Do this work, which is about this record, on the thread; call it on the loop."""
        piece = _Piece(record.place, work, asyncio.get_running_loop().create_future())
        self._waiting.append(piece)
        self._begin_next()
        return piece.ended

    def close(self) -> None:
        """Begin nothing more; what has begun ends by itself."""
        self._waiting.clear()
        self._thread.shutdown(wait=False)

    def outline(self, record: Record) -> Event:
        """The event in a record, which is read at once: most likely it is wanted. On the thread.

        Raises:
            UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
        """
        return self.read(record)[1]

    def read(self, record: Record) -> Sendable:
        """The event in a record, and the record; the very objects of before, if it is the same record. On the thread.

        Raises:
            UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
        """
        if self._last is None or self._last[0] != record:
            self._forget()  # two at a time are more than memory should hold
            self._last = record, event_of(record)
        return self._last

    def request(self, record: Record, form: WebhookForm) -> WebhookRequest:
        """The POST of the event in a record. On the thread.

        Raises:
            UnsendableError: see `request_of`.
        """
        sendable = self.read(record)
        if form not in self._requests:
            self._requests[form] = request_of([sendable], form)
        return self._requests[form]

    def _begin_next(self) -> None:
        self._waiting = [piece for piece in self._waiting if not piece.ended.cancelled()]
        if self._is_busy:
            return
        if not self._waiting:
            self._forget()
            return
        last = self._last[0].place if self._last is not None else ""
        piece = next((piece for piece in self._waiting if piece.place == last), self._waiting[0])
        self._waiting.remove(piece)
        self._is_busy = True
        done = asyncio.get_running_loop().run_in_executor(self._thread, piece.work)
        done.add_done_callback(lambda done: self._end(piece, done))

    def _end(self, piece: _Piece, done: "asyncio.Future[Any]") -> None:
        self._is_busy = False
        error = done.exception()
        if not piece.ended.cancelled():
            if error is None:
                piece.ended.set_result(done.result())
            else:
                piece.ended.set_exception(error)
        self._begin_next()

    def _forget(self) -> None:
        self._last = None
        self._requests = {}
