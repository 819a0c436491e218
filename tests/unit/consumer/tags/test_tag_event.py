"""What the fold keeps of an event: no more than it may remember of ten thousand others."""

import pytest
from msgspec.structs import replace

from consumer.record import Record
from consumer.tags.tag_event import LONGEST_CHILD, MOST_CHILDREN, TagEvent, tag_event_of
from schemas.event import Descriptor, Event, RequestRecord, Target
from schemas.limits import LONGEST_NAME

INDEX = "application/vnd.oci.image.index.v1+json"
PULL = Event(id="1", action="pull", target=Target(repository="team/app", digest="sha256:a", media_type=INDEX))
LONG = "x" * (LONGEST_NAME + 1)


def read(event: Event) -> TagEvent | None:
    """The event, as the log has it."""
    return tag_event_of(event, Record("events", 0, 7, 0, None, None))


def kept(event: Event) -> TagEvent:
    """One that changes tags."""
    found = read(event)
    assert found is not None
    return found


def with_children(*digests: str) -> Event:
    """A pull of an index that lists these."""
    return replace(PULL, target=replace(PULL.target, references=[Descriptor(digest=one) for one in digests]))


def test_of_long_ids_and_clients_the_hashes_are_kept() -> None:
    """They still tell events and clients apart, and the longest that is kept whole is as long as a name."""
    first, second = (
        kept(replace(PULL, id=text, request=RequestRecord(addr=text, useragent=text))) for text in (LONG, f"{LONG}y")
    )
    texts = [first.key, *first.caller, second.key, *second.caller]
    assert {len(text) for text in texts} == {64}
    assert (first.key != second.key, first.caller != second.caller) == (True, True)
    assert kept(replace(PULL, id=LONG[1:])).key == LONG[1:]


@pytest.mark.parametrize("name", ["registry", "source_format"])
def test_names_that_no_registry_has_change_no_tag(name: str) -> None:
    """Whoever wrote such an event may have written many."""
    assert read(replace(PULL, **{name: LONG})) is None


def test_children_are_kept_up_to_a_number_and_a_length() -> None:
    """All of them or none: what is known of some would be taken for all."""
    most = [f"sha256:{number}" for number in range(MOST_CHILDREN)]
    assert kept(with_children(*most)).children == frozenset(most)
    assert kept(with_children(*most, "sha256:x")).children == frozenset()
    assert kept(with_children("sha256:x", "y" * (LONGEST_CHILD + 1))).children == frozenset()
