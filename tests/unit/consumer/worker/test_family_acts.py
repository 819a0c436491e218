"""Acts of several processes: one answer out of theirs."""

from consumer.worker.family_acts import merged


def test_what_is_true_of_one_process_is_true_of_the_worker() -> None:
    """Requests in flight are added up, members are all named, and the pause is the first's: Kafka has one."""
    one = {"endpoint": "ci", "members": ["a"], "paused": {"since_ms": 7}, "changed": True, "in_flight": 2}
    two = {"endpoint": "ci", "members": ["b"], "paused": {"since_ms": 7}, "changed": False, "in_flight": 3}
    assert merged([one, two]) == {
        "endpoint": "ci",
        "members": ["a", "b"],
        "paused": {"since_ms": 7},
        "changed": True,
        "in_flight": 5,
    }
