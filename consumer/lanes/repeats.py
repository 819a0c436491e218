"""Repeats: which events are the same as an earlier one, for an endpoint's `dedupe`. Pure.

Events of one repository (and registry label) are the same if they have the same id, or the same action, tag and digest
and nothing else happened to that tag or digest between them, in the order of the log. So a tag that is moved and moved
back is told three times. Where it is not certain that two are the same, they are not: an event may be told again, never
kept back that is news.

    what                                      is the same by
    any event with an id of its own           id
    one whose id was made of its body         id, if it has a time, which a repeat has too
    a pull                                    tag and digest
    a push, a mount, any other                tag and digest, if it has a digest
    a delete                                  tag and digest, if it has one of them

Events that are the same share one `Told`, in which it is noted when the endpoint got one of them. That one is repeated
is decided when it is about to be sent. What is known is of one assignment of one partition, and of the last events.
"""

import itertools
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from consumer.lanes.delivery import Delivery, Told
from consumer.offsets.partition import Partition
from schemas.event import Event
from schemas.names import MADE_ID_PREFIX

MOST: Final = 10_000
"""Events of an endpoint that are remembered."""
_Value = TypeVar("_Value")


class _Last(Generic[_Value]):
    """The values that were asked for last."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Value] = OrderedDict()

    def get(self, key: bytes) -> _Value | None:
        """The value of this key, if it is not forgotten."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def put(self, key: bytes, value: _Value) -> None:
        """Remember it; the one that was asked for longest ago goes if there are too many."""
        self._known[key] = value
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)


class Repeats:
    """The events of one endpoint, in the order of the log."""

    def __init__(self, dedupe_s: float) -> None:
        """Nothing is known; `dedupe_s` is for how long an event is not told again, in seconds, 0 for not at all."""
        self._dedupe_s: Final = dedupe_s
        self._count = itertools.count()
        self._lives: dict[int, tuple[Partition, int]] = {}
        """By number: the assignment that is known of a partition, and what makes its keys other than earlier ones."""
        self._same: Final[_Last[Told]] = _Last()
        """By id, and for pulls by tag and digest."""
        self._subjects: Final[_Last[tuple[Hashable, Told]]] = _Last()
        """By tag, or by digest where there is no tag: what happened to it last."""
        self._runs: Final[_Last[tuple[str, int]]] = _Last()
        """By digest: the action that happened to it last, and what sets its unbroken run apart from earlier ones."""

    def note(self, delivery: Delivery, event: Event | None) -> None:
        """Find those that a delivery is the same as; they come in the order of the log.

        Args:
            delivery: is told what it shares with them.
            event: None where it is not at hand; then it may be anything.
        """
        partition = delivery.partition
        if not self._dedupe_s or partition is None:
            return
        if event is None:
            self.lose_track(partition)
        elif event.target.repository:
            delivery.same = self._same_as(partition, event)

    def lose_track(self, partition: Partition) -> None:
        """Something came that nobody knows: what comes later is the same as nothing before it."""
        self._lives.pop(partition.number, None)

    def _same_as(self, partition: Partition, event: Event) -> tuple[Told, ...]:
        target = event.target
        within = (self._life(partition), event.registry, target.repository)
        found = [self._by_id(event, within)]
        if event.action == "pull":
            found.append(self._told(_key("pull", *within, target.tag, target.digest)))
        elif target.tag or target.digest:
            found.append(self._by_content(event, within))
        else:
            self.lose_track(partition)  # all of a repository is deleted, say
        return tuple(told for told in found if told is not None)

    def _life(self, partition: Partition) -> int:
        known = self._lives.get(partition.number)
        if known is None or known[0] is not partition:
            known = self._lives[partition.number] = partition, next(self._count)
        return known[1]

    def _by_id(self, event: Event, within: tuple[Any, ...]) -> Told | None:
        if not event.id or (event.id.startswith(MADE_ID_PREFIX) and not event.timestamp):
            return None
        return self._told(_key("id", *within, event.id))

    def _by_content(self, event: Event, within: tuple[Any, ...]) -> Told | None:
        """What happened to its tag last if that is the same; whatever it is, it is what happened last from now on."""
        target = event.target
        subject = _key("tag", *within, target.tag) if target.tag else _key("digest", *within, target.digest)
        content = (event.action, target.digest, self._run(event, within))
        known = self._subjects.get(subject)
        if known is not None and known[0] == content:
            return known[1]
        told = Told(self._dedupe_s)
        self._subjects.put(subject, (content, told))
        return told if target.digest or event.action == "delete" else None

    def _run(self, event: Event, within: tuple[Any, ...]) -> int:
        """The unbroken run of this action on the event's digest; without a digest a delete is like any other."""
        if not event.target.digest:
            return -1 if event.action == "delete" else next(self._count)
        key = _key("run", *within, event.target.digest)
        known = self._runs.get(key)
        if known is None or known[0] != event.action:
            known = event.action, next(self._count)
            self._runs.put(key, known)
        return known[1]

    def _told(self, key: bytes) -> Told:
        found = self._same.get(key)
        if found is None:
            found = Told(self._dedupe_s)
            self._same.put(key, found)
        return found


def earlier_of(delivery: Delivery, now: float) -> Told | None:
    """What the endpoint was told of late and this delivery repeats, if it does; `now` monotonic."""
    return next((told for told in delivery.same if told.covers(delivery.record, now)), None)


def _key(*parts: Any) -> bytes:
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
