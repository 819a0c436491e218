"""Which events a command line means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.filters.selection import Selection
from schemas.event import ActorRecord, Event, RequestRecord, Target
from schemas.headers import webhook_id
from tests.kit.events import events

NAMES = st.sampled_from(["", "team/app", "team/*", "!team/app", "**"])


@given(event=events())
def test_empty_means_all(event: Event) -> None:
    """What is not narrowed means every event."""
    assert Selection().is_empty
    assert Selection().matches(event)


@given(event=events(), repository=NAMES, action=st.sampled_from(["", "push"]), registry=st.sampled_from(["", "eu"]))
def test_all_that_is_given_must_hold(event: Event, repository: str, action: str, registry: str) -> None:
    """Several narrow more than each: an event is meant if each of them alone means it."""
    alone = [Selection(repository=repository), Selection(action=action), Selection(registry=registry)]
    assert all(one.matches(event) for one in alone) == Selection(repository, action, registry).matches(event)


@pytest.mark.parametrize(
    ("repository", "expected"),
    [("team/*", [True, False, False]), ("!team/*", [False, True, True]), ("", [True, True, True])],
)
def test_repository(repository: str, expected: list[bool]) -> None:
    """Globs as in an endpoint's `repositories`: an event without one passes only where nothing is asked for."""
    found = [Event(target=Target(repository=name)) for name in ("team/app", "team/app/sub", "")]
    assert expected == [Selection(repository=repository).matches(event) for event in found]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("corp*", [True, False, False]), ("!corp*", [False, True, True]), ("", [True, True, True])],
)
def test_actor_and_user_agent(pattern: str, expected: list[bool]) -> None:
    """Globs as in an endpoint's `actors` and `useragents`: a slash is a character like others."""
    names = ("corp/ann", "ann", "")
    actors = [Event(actor=ActorRecord(name=name)) for name in names]
    agents = [Event(request=RequestRecord(useragent=name)) for name in names]
    assert expected == [Selection(actor=pattern).matches(event) for event in actors]
    assert expected == [Selection(useragent=pattern).matches(event) for event in agents]


@given(event=events())
def test_id(event: Event) -> None:
    """An event is found by its own id and by the one that receivers know it under."""
    assert Selection(event_id=webhook_id(event)).matches(event)
    assert not event.id or Selection(event_id=event.id).matches(event)
    assert not Selection(event_id=event.id + "x").matches(event)


@given(texts=st.tuples(*[st.text()] * 6))
def test_as_json(texts: tuple[str, ...]) -> None:
    """What is kept of a selection gives it back."""
    selection = Selection(*texts)
    assert selection == Selection.from_json(selection.as_json())
    assert selection.is_empty == (not any(texts))


@pytest.mark.parametrize("kept", [None, [], {"tag": "v1"}, {"action": 1}])
def test_what_is_no_selection(kept: object) -> None:
    """What another version kept is refused, not half understood."""
    with pytest.raises(ValueError, match="is no selection"):
        Selection.from_json(kept)
