"""How a reader says that a body is not of its format."""

import pytest

from producer.sources.reading import NotThisFormatError, TooManyEventsError, check_count


def test_the_place_is_named_first() -> None:
    """Where there is one."""
    assert str(NotThisFormatError("must be a list", "events")) == "events: must be a list"
    assert str(NotThisFormatError("the body must be an object")) == "the body must be an object"


def test_a_body_may_have_so_many_events() -> None:
    """A thousand, and not one more."""
    check_count(1000)
    with pytest.raises(TooManyEventsError, match="1,001 events; a body may have 1,000"):
        check_count(1001)
