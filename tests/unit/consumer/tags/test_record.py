"""The records of a topic of tags that is not compacted yet."""

from consumer.record import Record
from consumer.tags.record import LastRecords, records_of
from consumer.tags.rows import RepositoryPlace, Tag, key_of


def row(tag: str, offset: int) -> Tag:
    """A tag, as an event at this offset left it."""
    return Tag(place=RepositoryPlace("", "team/app"), tag=tag, offset=offset)


def written(at: int, tag: str, *, is_there: bool = True) -> Record:
    """The record of a change, at this place of the topic."""
    kept = row(tag, at)
    (one,) = records_of({key_of(kept): kept if is_there else None}, "tags", 0)
    return Record("tags", 0, at, 0, one.key, one.value, tuple(one.headers))


def test_one_record_of_each_key_is_held() -> None:
    """However many there were before it; and none of a tag that has ended, which may come again."""
    last = LastRecords()
    for at, tag in enumerate(["v1", "v2"] * 50):
        last.take(written(at, tag))
        assert len(last) <= 2
    last.take(written(100, "v2", is_there=False))
    assert list(last.rows().values()) == [row("v1", 98)]
    last.take(written(101, "v2"))
    assert [kept.offset for kept in last.rows().values()] == [98, 101]
