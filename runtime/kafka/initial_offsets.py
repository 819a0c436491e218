"""Cursors: the consumer group of each endpoint, and the offsets it begins with (`start`, docs/configuration.md).

An endpoint whose group has no offset at all gets them here, for every partition at once and before anything is
delivered: `start: new` by whichever command first sees its name, the others by `deliver`. That a group has none is
believed only of a coordinator that is in step with its log: else an endpoint would begin anew behind events that it
never got.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, assert_never

import structlog

from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.settings import Settings
from runtime.config.start import Ago, At, Beginning, End, New, Start
from runtime.kafka.cluster_state import Committed, LogPlaces, first_ms
from runtime.kafka.groups import GroupIsLiveError
from schemas.names import group_of

_log: Final = structlog.get_logger(__name__)


class GroupCursors(Protocol):
    """Offsets of groups, from outside them; see `Groups`."""

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """Those that there are."""
        ...

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """Set them."""
        ...

    def prove_in_step(self, group: str, topic: str) -> None:
        """Return when the coordinator is known to know what its log holds."""
        ...


def register_new(admin: LogPlaces, groups: GroupCursors, settings: Settings, partitions: int) -> None:
    """Give the endpoints with `start: new` their cursor at the end of the log, disabled ones too."""
    begin(admin, groups, settings, (e for e in settings.endpoints if isinstance(e.start, New)), partitions, now=0.0)


def begin(
    admin: LogPlaces,
    groups: GroupCursors,
    settings: Settings,
    endpoints: Iterable[EndpointSettings],
    partitions: int,
    *,
    now: float,
) -> None:
    """Give each endpoint that has no cursor the one that its `start` says; `now` in seconds since the epoch."""
    topic, every = settings.topics.events, range(partitions)
    ends: dict[int, int] | None = None
    for endpoint in endpoints:
        group = group_of(settings.worker.group_prefix, endpoint.name)
        if ends is None:  # read before any group is looked at: who commits meanwhile does so further on, never before
            ends = admin.end(topic, every)
        if groups.committed(group, topic, every):
            continue
        offsets = _offsets(admin, topic, endpoint.start, ends, now)
        if any(ends.values()):  # else no event could be passed over, nor come twice
            groups.prove_in_step(group, topic)
            if groups.committed(group, topic, every):
                continue
        try:
            groups.commit(group, topic, {partition: Committed(offset) for partition, offset in offsets.items()})
        except GroupIsLiveError:
            continue  # a worker was faster; the cursor is its own now
        waiting = sum(ends[partition] - offset for partition, offset in offsets.items())
        _log.info("endpoint.registered", endpoint=endpoint.name, group=group, events_to_deliver=waiting)


def _offsets(admin: LogPlaces, topic: str, start: Start, ends: dict[int, int], now: float) -> dict[int, int]:
    match start:
        case New() | End():
            return ends
        case Beginning():
            return admin.beginning(topic, ends)
        case At(epoch_s=moment):
            return _at(admin, topic, ends, moment)
        case Ago(seconds=seconds):
            return _at(admin, topic, ends, now - seconds)
        case _:
            assert_never(start)


def _at(admin: LogPlaces, topic: str, ends: dict[int, int], moment: float) -> dict[int, int]:
    found = admin.at(topic, ends, first_ms(moment))
    return {partition: min(offset, ends[partition]) for partition, offset in found.items()}
