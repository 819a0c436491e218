"""The cursors of disabled endpoints, renewed now and then: a broker forgets offsets that nobody renews.

Nobody else renews them: their groups have no members.
"""

import asyncio
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
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
        """Renew them once; blocks.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: they could not all be renewed.
            ProtocolMissingError: the configured group protocol is none of the cluster's.
        """
        settings = self._configured.settings
        prefix, topic = settings.worker.group_prefix, settings.topics.events
        groups = [group_of(prefix, endpoint.name) for endpoint in settings.endpoints if endpoint.disabled]
        if not groups:
            return
        partitions = self._facts.partitions()
        self._visit([group for group in groups if self._is_committed_again(group, topic, partitions)])

    def _is_committed_again(self, group: str, topic: str, partitions: Collection[int]) -> bool:
        """Commit the group's cursors as they are; whether it has any, and no members, who would renew them."""
        found = self._cursors.committed(group, topic, partitions)
        with suppress(GroupIsLiveError):
            if found:
                self._cursors.commit(group, topic, found)
                return True
        return False

    def _visit(self, groups: Collection[str]) -> None:
        """Visit those of these groups that go by their last member instead of their commits."""
        for group, members in self._facts.members(groups).items() if groups else ():
            if members.obstacle:
                raise KafkaUnavailableError(members.obstacle)
            if members.protocol == "classic" and not members.has_commits_alone and not self._leaving.is_set():
                self._visitor.visit(group, self._leaving)
