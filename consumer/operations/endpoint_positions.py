"""Where each endpoint of a configuration stands, and who serves it: what `status` and `explain` both begin with."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from consumer.log.positions import LogEnds, Position, cursors_at_start, positions_of
from consumer.offsets.cursor import Cursor, cursor_of, snapshot_of
from consumer.operations.serving import Serving
from consumer.operations.worker_answer import Live, ask_worker
from consumer.places import Bounds
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.kafka.cluster_state import Committed
from runtime.kafka.group_members import members_of
from runtime.kafka.groups import Groups
from schemas.names import group_of


@dataclass(frozen=True, slots=True)
class EndpointStand:
    """One endpoint in every partition, at one moment."""

    endpoint: EndpointSettings
    group: str
    bounds: Bounds
    cursors: Mapping[int, Cursor]
    has_cursor: bool
    """False: the group has no commit yet, and the cursors are where its `start` would begin."""
    serving: Serving


@dataclass(frozen=True, slots=True)
class Stands:
    """All endpoints of a configuration."""

    endpoints: list[EndpointStand]
    silence: str
    """Why no worker said anything; empty if one did."""


def stands_of(settings: Settings, log: LogEnds, groups: Groups, clock: Clock, *, client_id: str) -> Stands:
    """Look: the groups' commits, the worker at `worker.listen`, the groups' members. Changes nothing.

    Raises:
        TopicMissingError: there is no events topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    topic, prefix = settings.topics.events, settings.worker.group_prefix
    names = [group_of(prefix, endpoint.name) for endpoint in settings.endpoints]
    with ThreadPoolExecutor(1, "members") as beside:
        asking = beside.submit(members_of, settings.kafka.revealed(), names, topic, client_id=client_id)
        positions = positions_of(log, groups, topic, names)
        worker = ask_worker(settings.worker.listen)
        members = asking.result()
    return Stands(
        [
            _stand(
                endpoint, positions[name], Serving(members[name], worker.of(endpoint.name), worker.silence), log, clock
            )
            for endpoint, name in zip(settings.endpoints, names, strict=True)
        ],
        worker.silence,
    )


def _stand(endpoint: EndpointSettings, at: Position, serving: Serving, log: LogEnds, clock: Clock) -> EndpointStand:
    cursors = brought_up(at, serving.live)
    has_cursor = bool(cursors)
    if not has_cursor:
        cursors = cursors_at_start(log, at.topic, endpoint, at.bounds, now=clock.wall())
    return EndpointStand(endpoint, at.group, at.bounds, cursors, has_cursor, serving)


def brought_up(position: Position, live: Live | None) -> Mapping[int, Cursor]:
    """The cursors with what a worker has finished and not committed yet, where it is a member of the group. Pure.

    It must have been asked after the position was read: then what it says of a partition is never older.
    """
    if live is None or live.group != position.group:
        return position.cursors
    return dict(position.cursors) | {
        number: _live_cursor(position, number, at) for number, at in live.cursors.items() if number in position.cursors
    }


def _live_cursor(position: Position, number: int, at: Committed) -> Cursor:
    snapshot = snapshot_of(at, group=position.group, topic=position.topic, partition=number)
    known, first = position.cursors[number], position.bounds.first[number]
    if snapshot.offset < known.start:
        return known
    return cursor_of(snapshot, first=first, end=max(known.end, snapshot.offset, snapshot.top + 1))
