"""The cursors of disabled endpoints, renewed now and then: a broker forgets offsets that nobody renews.

Nobody else renews them: their groups have no members.
"""

import asyncio
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import structlog

from consumer.worker.preparation import Configured
from runtime.errors import BridgeError
from runtime.kafka.closing import CLOSE_LIMIT_S
from runtime.kafka.cluster_state import GroupMembers
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.groups import GroupIsLiveError
from runtime.kafka.initial_offsets import GroupCursors
from runtime.side_threads import beside
from schemas.names import group_of

_log: Final = structlog.get_logger(__name__)

_EVERY_S: Final = 3600.0


class KnowsGroups(Protocol):
    """Knows the events topic, and the groups that read it; see `Parts`."""

    def partitions(self) -> Collection[int]:
        """Those of the topic, now.

        Raises:
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        ...

    def members(self, groups: Collection[str]) -> Mapping[str, GroupMembers]:
        """The members of each of these groups."""
        ...


class Visitor(Protocol):
    """Joins groups for a moment; see `GroupVisits`."""

    def visit(self, group: str, leaving: threading.Event) -> None:
        """Join the group and leave it; at once when `leaving` is set."""
        ...


class CursorRenewal:
    """Renews the cursors of the disabled endpoints of the configuration in force."""

    def __init__(self, facts: KnowsGroups, cursors: GroupCursors, visitor: Visitor, configured: Configured) -> None:
        """Nothing is renewed yet."""
        self._facts: Final = facts
        self._cursors: Final = cursors
        self._visitor: Final = visitor
        self._configured: Final = configured
        self._leaving: Final = threading.Event()

    async def watch(self) -> None:
        """Renew them for ever; when that is cancelled, leave the group that is just visited."""
        while True:
            renewing = asyncio.ensure_future(beside(self.renew))
            try:
                await asyncio.shield(renewing)
            except BridgeError as error:
                _log.warning("deliver.cursors_not_renewed", reason=str(error))
            except asyncio.CancelledError:
                self._leaving.set()
                await asyncio.wait((renewing,), timeout=CLOSE_LIMIT_S)
                raise
            await asyncio.sleep(_EVERY_S)

    def renew(self) -> None:
        """Renew them once, each group by itself; blocks.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer about it, or about all groups.
        """
        groups = self._groups()
        partitions = self._facts.partitions() if groups else ()
        committed = []
        for group in groups:
            with _telling(group):
                committed += [group] if self._is_committed_again(group, partitions) else []
        for group, members in self._facts.members(committed).items() if committed else ():
            with _telling(group):
                self._visit(group, members)

    def _groups(self) -> list[str]:
        """Those of the endpoints that are disabled now."""
        settings = self._configured.settings
        ends = [endpoint for endpoint in settings.endpoints if endpoint.disabled]
        return [group_of(settings.worker.group_prefix, endpoint.name) for endpoint in ends]

    def _is_committed_again(self, group: str, partitions: Collection[int]) -> bool:
        """Commit the group's cursors as they are; whether it has any, and no members, who would renew them."""
        topic = self._configured.settings.topics.events
        found = self._cursors.committed(group, topic, partitions)
        with suppress(GroupIsLiveError):
            if found:
                self._cursors.commit(group, topic, found)
                return True
        return False

    def _visit(self, group: str, members: GroupMembers) -> None:
        """Visit a group that goes by its last member instead of its commits, unless it has one again by now."""
        if members.obstacle:
            raise KafkaUnavailableError(members.obstacle)
        if members.protocol != "classic" or members.has_commits_alone or self._leaving.is_set():
            return
        now = self._facts.members([group])[group]  # visits to others have taken their time
        if not now.members and group in self._groups():
            self._visitor.visit(group, self._leaving)


@contextmanager
def _telling(group: str) -> Iterator[None]:
    """What goes wrong with one group within is told, and is no matter of the others."""
    try:
        yield
    except BridgeError as error:
        _log.warning("deliver.cursors_not_renewed", group=group, reason=str(error))
