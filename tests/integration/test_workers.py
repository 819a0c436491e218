"""Where workers are asked: each once, and who cannot be asked from here is named."""

import threading

from consumer.operations.workers import ask_all, places_of
from runtime.config.addresses import Address
from runtime.kafka.cluster_state import GroupMembers, Member
from tests.kit.eventually import LIMIT_S

HERE, THERE = Address("127.0.0.1", 5051), Address("10.0.0.7", 5051)


def group(*members: Member) -> GroupMembers:
    """A group of these."""
    return GroupMembers(members, "consumer")


def test_members_are_found_by_kafka() -> None:
    """Beside the address of the configuration; one that serves two endpoints is asked once."""
    found = places_of(
        [HERE],
        [
            group(Member("10.0.0.7", (0,), "a", "registry-worker-ci@*:5051")),
            group(
                Member("10.0.0.7", (0,), "b", "registry-worker-audit@*:5051"),
                Member("127.0.0.1", (1,), "c", "registry-worker-audit@127.0.0.1:5051"),
            ),
        ],
    )
    assert (HERE, THERE) == found.addresses
    assert {"a": THERE, "b": THERE, "c": HERE} == found.members
    assert {} == found.unreachable


def test_who_listens_everywhere_is_asked_once() -> None:
    """On this machine it answers at its own address and at the one of the configuration."""
    everywhere = Address("0.0.0.0", 5051)
    found = places_of([everywhere], [group(Member("127.0.0.1", (0,), "a", "registry-worker-ci@*:5051"))])
    assert (everywhere,) == found.addresses
    assert {"a": everywhere} == found.members


def test_who_listens_on_its_own_machine_only_is_named() -> None:
    """198.51.100.9 is no address of this machine, so what listens on its loopback cannot be asked from here."""
    found = places_of([HERE], [group(Member("198.51.100.9", (0,), "a", "registry-worker-ci@127.0.0.1:5051"))])
    assert (HERE,) == found.addresses
    (why,) = found.unreachable.values()
    assert "127.0.0.1:5051 of its own machine only" in why


def test_a_member_without_pages() -> None:
    """`deliver --until-caught-up` opens no port; nor does a foreign client that has joined."""
    found = places_of([], [group(Member("10.0.0.7", (0,), "a", "registry-worker-ci"))])
    assert () == found.addresses
    assert {"a": "it has no pages"} == found.unreachable


def test_who_names_workers_means_these() -> None:
    """With `--worker` nobody else is asked."""
    members = group(Member("10.0.0.7", (0,), "a", "registry-worker-ci@*:5051"))
    assert (HERE,) == places_of([HERE, HERE], [members], discovers=False).addresses


def test_all_are_asked_at_once() -> None:
    """Ten that each wait for all others: they answer."""
    meeting = threading.Barrier(10, timeout=LIMIT_S)
    addresses = [Address("127.0.0.1", port) for port in range(1, 11)]
    assert {address: address.port for address in addresses} == ask_all(
        addresses, lambda address: meeting.wait() >= 0 and address.port
    )
