"""The early verdict of a filter, by an event's outline, is that on the event: for every event and every rule."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import Screening
from consumer.record import Record
from runtime.config import EndpointSettings
from schemas.avro import UndecodableError, decode, decode_outline, encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event
from tests.kit.events import events, texts

_NAMES = st.sampled_from(["", "push", "pull", "GET", "library/app", "team/app", "v1", "eu"])


@st.composite
def filters(draw: st.DrawFn, event: Event) -> Filter:
    """Rules that are likely to meet the event, or to miss it by little."""
    target = event.target
    met = [event.action, target.media_type, event.request.method, event.registry, target.repository, target.tag]
    met += [event.actor.name, event.request.useragent]
    some = st.frozensets(_NAMES | st.sampled_from(met), max_size=3)
    globs = st.lists(st.sampled_from(["*", "**", "!**", "library/*", "v*", "!v1", *filter(None, met)]), max_size=3)
    rules: dict[str, Any] = {
        "ignored_media_types": draw(some),
        "ignored_actions": draw(some),
        "ignored_methods": draw(some),
        "registries": draw(some),
        "repositories": tuple(draw(globs)),
        "tags": tuple(draw(globs)),
        "actors": tuple(draw(globs)),
        "useragents": tuple(draw(globs)),
    }
    return Filter(EndpointSettings(name="e", url="http://127.0.0.1:9/", **rules))


@given(events(original=texts()), st.data())
def test_the_early_verdict_is_the_verdict(event: Event, data: st.DataObject) -> None:
    """Which rule is against an event does not depend on how much of it was read."""
    rules = data.draw(filters(event))
    outline = decode_outline(frame(CATALOG.latest.id, encode(event)), None)
    assert rules.rule_against(event) == rules.rule_against(outline)
    assert rules.tells_by_outline or rules.rule_against(event) is None


@given(events(), st.data())
def test_where_there_is_an_event_there_is_its_outline(event: Event, data: st.DataObject) -> None:
    """Whatever the bytes are: an event that can be read has an outline, and it is that of the event."""
    value = bytearray(frame(CATALOG.latest.id, encode(event)))
    for _ in range(data.draw(st.integers(0, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = decode(bytes(value), CATALOG.latest.fingerprint)
    except UndecodableError:
        return
    outline = decode_outline(bytes(value), CATALOG.latest.fingerprint)
    assert (read.action, read.request.method, read.request.useragent, read.actor.name, read.registry) == (
        outline.action,
        outline.request.method,
        outline.request.useragent,
        outline.actor.name,
        outline.registry,
    )
    of_event, of_outline = read.target, outline.target
    assert (of_event.media_type, of_event.repository, of_event.tag) == (
        of_outline.media_type,
        of_outline.repository,
        of_outline.tag,
    )


@given(
    events(original=texts()), st.sampled_from(["", CATALOG.latest.fingerprint, "none", "00000000deadbeef"]), st.data()
)
def test_headers_never_make_a_skip(event: Event, fingerprint: str, data: st.DataObject) -> None:
    """Whatever headers and key say: a record is passed over early only if its event is, by the same rule."""
    rules = data.draw(filters(event))
    said = data.draw(st.sampled_from(["pull", "other/app", event.action, event.target.repository]))
    headers = tuple((name, said.encode()) for name in ("ce_type", "ce_subject", "ce_id", "ce_source"))
    if fingerprint:
        headers += (("schema-fingerprint", fingerprint.encode()),)
    record = Record("t", 0, 0, 0, said.encode(), frame(CATALOG.latest.id, encode(event)), headers)
    early = Screening(rules).early_rule(record)
    assert early is None or early == rules.rule_against(event)
    if fingerprint != "00000000deadbeef" and not event.original:
        assert early == rules.rule_against(event)
