"""Partitions that end before their range does: known after a while, and not if their log turns out to go on."""

from consumer.replay.cut_short import CutShort


def test_a_partition_that_stays_short_is_known() -> None:
    """After the patience, with its end and that of its range; one that reaches its range is none."""
    found = CutShort({0: range(500, 1000), 1: range(10)}, patience_s=60.0)
    found.look({0: 4, 1: 10}, 100.0)
    found.look({0: 4, 1: 10}, 159.0)
    assert {} == found.ends
    found.look({0: 4, 1: 10}, 160.0)
    assert {0: 4} == found.ends
    assert ["partition 0 ends at 4, before the range does (1000)"] == found.reasons


def test_the_patience_begins_again_with_a_log_that_goes_on() -> None:
    """As behind a new leader whose end lagged: it was not read to its end at one look."""
    found = CutShort({0: range(10)}, patience_s=60.0)
    found.look({0: 4}, 0.0)
    found.look({}, 30.0)
    found.look({0: 7}, 31.0)
    found.look({0: 7}, 90.0)
    assert {} == found.ends
    found.look({0: 7}, 91.0)
    assert {0: 7} == found.ends
