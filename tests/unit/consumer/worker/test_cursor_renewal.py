"""The cursors of disabled endpoints: which are committed again, whose groups are visited, and what ends that."""

import asyncio
import threading
from collections.abc import Collection, Iterable, Mapping

import pytest
from structlog.testing import capture_logs

from consumer.worker.cursor_renewal import CursorRenewal
from runtime.config import Settings
from runtime.config.load import settings_from
from runtime.kafka.cluster_state import Committed, GroupMembers, Member
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.groups import GroupIsLiveError
from tests.kit.eventually import LIMIT_S
from tests.kit.virtual_time import simulated

CURSORS = {0: Committed(3, "R1"), 1: Committed(4)}
CLASSIC = GroupMembers((), "classic")


class Cluster:
    """A topic of two partitions, and the groups of disabled endpoints."""

    def __init__(self, **groups: GroupMembers) -> None:
        self.groups = {f"registry-worker.{name}": members for name, members in groups.items()}
        self.offsets = {group: dict(CURSORS) for group in self.groups}
        self.live: set[str] = set()
        self.refused: set[str] = set()
        self.asked: list[str] = []
        self.questions = 0
        self.commits: list[tuple[str, Mapping[int, Committed]]] = []
        self.is_away = False

    def partitions(self) -> Collection[int]:
        """Those that a group has offsets in."""
        if self.is_away:
            raise KafkaUnavailableError("away")
        return {number for offsets in self.offsets.values() for number in offsets}

    def members(self, groups: Collection[str]) -> Mapping[str, GroupMembers]:
        """As they were given."""
        self.asked += groups
        self.questions += 1
        return {group: self.groups[group] for group in groups}

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """Those of these partitions."""
        return {number: at for number, at in self.offsets.get(group, {}).items() if number in set(partitions)}

    def commit(self, group: str, topic: str, offsets: Mapping[int, Committed]) -> None:
        """Refused by a live group."""
        if group in self.live:
            raise GroupIsLiveError(group)
        if group in self.refused:
            raise KafkaRefusedError("not yours")
        self.commits.append((group, dict(offsets)))

    def prove_in_step(self, group: str, topic: str) -> None:
        """Not asked for."""
        raise NotImplementedError


class Visitor:
    """Stays until it is to leave, if it is a patient one."""

    def __init__(self, *, is_patient: bool = False) -> None:
        self.visited: list[str] = []
        self.has_come = threading.Event()
        self.has_left = False
        self._is_patient = is_patient

    def visit(self, group: str, leaving: threading.Event) -> None:
        """Join it."""
        self.visited.append(group)
        self.has_come.set()
        self.has_left = self._is_patient and leaving.wait(LIMIT_S)


class Configured:
    """A configuration with an endpoint that is enabled, and others that are not."""

    def __init__(self, *disabled: str) -> None:
        ends = [{"name": "on", "url": "http://127.0.0.1:9/"}, *({"name": one, "disabled": True} for one in disabled)]
        self._settings = settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:1"}, "endpoints": ends}, {})

    @property
    def settings(self) -> Settings:
        """Now."""
        return self._settings


def test_cursors_are_committed_as_they_are() -> None:
    """Of each disabled endpoint that has some, and of no enabled one."""
    cluster = Cluster(on=CLASSIC, ci=CLASSIC)
    CursorRenewal(cluster, cluster, Visitor(), Configured("ci", "young")).renew()
    assert [("registry-worker.ci", CURSORS)] == cluster.commits


def test_a_group_that_goes_by_its_last_member_is_visited() -> None:
    """That is one of `classic` that had members; a live one has members that renew its cursors themselves."""
    cluster = Cluster(
        a=CLASSIC, b=GroupMembers((), "consumer"), c=GroupMembers((), "classic", has_commits_alone=True), d=CLASSIC
    )
    cluster.live.add("registry-worker.d")
    visitor = Visitor()
    CursorRenewal(cluster, cluster, visitor, Configured("a", "b", "c", "d")).renew()
    assert ["registry-worker.a"] == visitor.visited


def test_all_groups_are_asked_about_at_once() -> None:
    """Each question takes a process; only who is to be visited is asked about again, just before."""
    cluster = Cluster(a=GroupMembers((), "consumer"), b=CLASSIC, c=GroupMembers((), "consumer"))
    CursorRenewal(cluster, cluster, Visitor(), Configured("a", "b", "c")).renew()
    assert [f"registry-worker.{name}" for name in "abcb"] == cluster.asked
    assert 2 == cluster.questions


def test_nobody_is_asked_for_nothing() -> None:
    """Without a disabled endpoint that has a cursor nobody asks who is a member: that takes a process of its own."""
    cluster = Cluster(on=CLASSIC)
    for configured in (Configured(), Configured("young")):
        CursorRenewal(cluster, cluster, Visitor(), configured).renew()
    assert [] == cluster.asked


def test_a_group_that_fails_keeps_no_other_from_being_renewed() -> None:
    """Each is told: of one the cursors were committed, but whether that was enough nobody knows."""
    cluster = Cluster(a=GroupMembers(obstacle="not authorized"), b=CLASSIC, c=CLASSIC)
    cluster.refused.add("registry-worker.b")
    visitor = Visitor()
    with capture_logs() as logs:
        CursorRenewal(cluster, cluster, visitor, Configured("a", "b", "c")).renew()
    assert [("registry-worker.b", "not yours"), ("registry-worker.a", "not authorized")] == [
        (line["group"], line["reason"]) for line in logs
    ]
    assert ["registry-worker.a", "registry-worker.c"] == [group for group, _ in cluster.commits]
    assert ["registry-worker.c"] == visitor.visited


def test_a_group_that_has_members_by_then_is_not_visited() -> None:
    """Somebody has enabled the endpoint elsewhere: a visit would take partitions from who delivers."""
    cluster, visitor = Cluster(ci=GroupMembers((Member("/127.0.0.1", (0,)),), "classic")), Visitor()
    CursorRenewal(cluster, cluster, visitor, Configured("ci")).renew()
    assert [] == visitor.visited


def test_each_turn_asks_anew() -> None:
    """What was added meanwhile is renewed too; a turn that fails is told, and the next one comes all the same."""

    @simulated
    async def run() -> None:
        cluster = Cluster(ci=CLASSIC)
        cluster.is_away = True
        with capture_logs() as logs:
            watching = asyncio.create_task(CursorRenewal(cluster, cluster, Visitor(), Configured("ci")).watch())
            await asyncio.sleep(60)
            assert [("deliver.cursors_not_renewed", "away")] == [(line["event"], line["reason"]) for line in logs]
            cluster.is_away, cluster.offsets["registry-worker.ci"][2] = False, Committed(5)
            await asyncio.sleep(3600)
        assert [("registry-worker.ci", {**CURSORS, 2: Committed(5)})] == cluster.commits
        watching.cancel()

    run()


def test_a_stop_ends_a_visit() -> None:
    """A member that went without a word would hold up whoever serves the endpoint next, until its session ends."""

    async def run() -> None:
        cluster, visitor = Cluster(a=CLASSIC, b=CLASSIC), Visitor(is_patient=True)
        watching = asyncio.create_task(CursorRenewal(cluster, cluster, visitor, Configured("a", "b")).watch())
        assert await asyncio.to_thread(visitor.has_come.wait, LIMIT_S)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        assert visitor.has_left
        assert 1 == len(visitor.visited)

    asyncio.run(run())
