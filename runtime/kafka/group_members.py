"""Who is a member of consumer groups now, and which protocol each group uses, as the group's coordinator says it.

It is asked in a process of its own: the client's call for this ends its process with a failed assertion if a broker
comes back just then (librdkafka 2.16.0, `rd_kafka_enq_once_del_source_return`), and whoever asks must survive that.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from runtime.kafka.cluster_state import GroupMembers, Member
from runtime.kafka.errors import KafkaUnavailableError, translated
from runtime.kafka.settings import ClientSettings, admin_settings

_LIMIT_S: Final = 10.0
_START_S: Final = 10.0
"""For the process to come up, on a busy machine."""
_WITHOUT_MEMBERS: Final = frozenset({ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD})
_REBALANCING: Final = frozenset({ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING})
"""States of `classic` alone; a group of `consumer` says at any time who has what."""


def members_of(
    settings: ClientSettings, groups: Iterable[str], topic: str, *, client_id: str
) -> dict[str, GroupMembers]:
    """The members of each group and their partitions of the topic; blocks, 20 seconds at most.

    Of a group that may not be described, or whose coordinator does not answer, the obstacle is known and nothing else.

    Args:
        settings: librdkafka settings.
        groups: whose members.
        topic: whose partitions.
        client_id: how the broker's logs name this client.
    """
    asked = sorted(set(groups))
    question = {"settings": dict(settings), "groups": asked, "topic": topic, "client_id": client_id}
    try:
        done = subprocess.run(  # noqa: S603 - this very program; nothing on its command line is anybody's
            [sys.executable, "-m", __name__],
            input=json.dumps(question),
            capture_output=True,
            check=True,
            text=True,
            timeout=_START_S + _LIMIT_S,
        )
        answer = json.loads(done.stdout)
        return {group: _membership(answer[group]) for group in asked}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        obstacle = f"asking for the members of groups failed ({type(error).__name__})"
        return dict.fromkeys(asked, GroupMembers(obstacle=obstacle))


def _membership(answer: Mapping[str, Any]) -> GroupMembers:
    members = tuple(Member(**{**one, "partitions": tuple(one["partitions"])}) for one in answer["members"])
    return GroupMembers(**{**answer, "members": members})


def _main() -> None:
    """Answer the question on standard input."""
    question = json.load(sys.stdin)
    client = AdminClient(admin_settings(question["settings"], client_id=question["client_id"]))
    answers = (
        client.describe_consumer_groups(question["groups"], request_timeout=_LIMIT_S) if question["groups"] else {}
    )
    found = {group: asdict(_described(group, answer, question["topic"])) for group, answer in answers.items()}
    sys.stdout.write(json.dumps(found))


def _described(group: str, answer: Any, topic: str) -> GroupMembers:
    doing = f"asking Kafka for group {group}"
    try:
        found = answer.result(_LIMIT_S)
    except KafkaException as error:
        return GroupMembers(obstacle=str(translated(error, doing)))
    except TimeoutError:
        return GroupMembers(obstacle=str(KafkaUnavailableError(f"{doing}: no answer within {_LIMIT_S:g} s")))
    if found.state is ConsumerGroupState.DEAD:
        return GroupMembers()
    members = () if found.state in _WITHOUT_MEMBERS else tuple(_member(one, topic) for one in found.members)
    return GroupMembers(
        members,
        found.type.name.lower(),
        is_rebalancing=found.state in _REBALANCING,
        has_commits_alone=bool(found.is_simple_consumer_group),
    )


def _member(found: Any, topic: str) -> Member:
    held = sorted(at.partition for at in found.assignment.topic_partitions if at.topic == topic)
    return Member(str(found.host).removeprefix("/"), tuple(held), str(found.member_id), str(found.client_id))


if __name__ == "__main__":
    _main()
