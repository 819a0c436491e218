"""Which members of a group are of no process any more."""

from tests.chaos.facts import Life
from tests.chaos.gone_members import LONG_GONE_S, gone_members

PORTS = {"w1": 2101, "w2": 2102, "w3": 21021}
MEMBERS = [f"g.ci: registry-worker-ci@127.0.0.1:{port} id has [0]" for port in PORTS.values()]


def test_a_member_of_a_worker_that_ended_long_ago_is_gone() -> None:
    """Not one of a worker that runs, or ended just now, or was started again."""
    ended = Life("w1.1", 0.0, ended=10.0)
    others = [Life("w2.1", 0.0, ended=5.0), Life("w2.2", 6.0), Life("w3.1", 0.0, ended=20.0)]
    assert MEMBERS[:1] == gone_members(MEMBERS, [ended, *others], PORTS, 10.0 + LONG_GONE_S)
    assert [] == gone_members(MEMBERS, [ended, *others], PORTS, 9.0 + LONG_GONE_S)
    assert [] == gone_members(MEMBERS, [ended, Life("w1.2", 11.0), *others], PORTS, 10.0 + LONG_GONE_S)
