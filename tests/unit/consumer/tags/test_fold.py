"""Deletes and pushes at one moment, and deletes in another order than they happened."""

from collections.abc import Sequence
from typing import Any

import pytest

from consumer.tags.fold import TagFold
from consumer.tags.rows import Tag
from consumer.tags.tag_event import TagEvent

SECOND_US = 1_000_000


def event(action: str, second: int, digest: str = "", **members: Any) -> TagEvent:
    """An event of the tag `v1`, or of what is said, at a whole second."""
    us = second * SECOND_US
    plain: dict[str, Any] = {"accepted_us": us, "happened_us": us, "repository": "team/app", "tag": "v1"}
    plain |= {"action": action, "digest": digest, "key": f"{action} {second} {digest}"}
    return TagEvent(offset=0, **(plain | members))


def first_pushes(events: Sequence[TagEvent]) -> list[int | None]:
    """When each tag that is there was pushed first, by a fold of a log of these events."""
    fold = TagFold([], None)
    for offset, one in enumerate(events):
        fold.read(offset, one.accepted_us, one)
    return [row.first_pushed_us for row in fold.take_changes().values() if isinstance(row, Tag)]


BY_TAG: dict[str, Any] = {}
BY_DIGEST = {"tag": "", "digest": "sha256:a"}
ALL = {"tag": ""}


@pytest.mark.parametrize("deleted", [BY_TAG, BY_DIGEST, ALL])
def test_of_a_push_and_a_delete_at_one_moment_the_later_in_the_log_counts(deleted: dict[str, Any]) -> None:
    """Some registries send whole seconds: a tag that was deleted and pushed again within one begins anew."""
    before, again = event("push", 1, "sha256:a"), event("push", 5, "sha256:b")
    delete = event("delete", 5, **deleted)
    assert first_pushes([before, delete, again]) == [5 * SECOND_US]
    assert first_pushes([before, event("push", 5, "sha256:a"), delete]) == []


@pytest.mark.parametrize("deleted", [BY_TAG, BY_DIGEST, ALL])
def test_a_delete_that_comes_late_hides_no_later_one(deleted: dict[str, Any]) -> None:
    """What was pushed before the later one is gone, whichever the log has first."""
    late, later = event("delete", 4, **deleted), event("delete", 9, **deleted)
    before, between = event("push", 1, "sha256:a"), event("push", 5, "sha256:a")
    for deletes in ([late, later], [later, late]):
        assert first_pushes([before, *deletes, between]) == []
        assert first_pushes([before, *deletes, event("push", 9, "sha256:a")]) == [9 * SECOND_US]
