"""How a reader says that a body is not of its format."""

from producer.sources.reading import NotThisFormatError


def test_the_place_is_named_first() -> None:
    """Where there is one."""
    assert str(NotThisFormatError("must be a list", "events")) == "events: must be a list"
    assert str(NotThisFormatError("the body must be an object")) == "the body must be an object"
