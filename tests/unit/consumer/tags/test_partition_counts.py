"""A topic of tags is refused if its tags are not in the partitions of their events."""

import pytest

from consumer.tags.partition_counts import PartitionCountError, require_made_with, require_same
from consumer.tags.rows import Position

WAY_OUT = (
    "a tag is kept in the partition of its events; name a new topic in topics.tags, for example t-2, and start "
    "`registry-worker materialize` again, which reads the whole log (docs/tags.md)"
)


def test_two_topics_that_differ_are_refused() -> None:
    """In one line, with both numbers and the way out."""
    require_same("t", 3, "e", 3)
    with pytest.raises(PartitionCountError) as error:
        require_same("t", 1, "e", 3)
    assert str(error.value) == f"topic t has 1 partition, e has 3: {WAY_OUT}"


def test_two_topics_that_were_enlarged_are_refused() -> None:
    """What was kept before says with how many partitions; a partition of which nothing was read says nothing."""
    require_made_with("t", [Position(offset=1, partitions=3), Position(offset=-1)], 3)
    with pytest.raises(PartitionCountError) as error:
        require_made_with("t", [Position(offset=1, partitions=3)], 5)
    assert str(error.value) == f"topic t was made with 3 partitions, and has 5 now: {WAY_OUT}"
