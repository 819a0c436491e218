"""Total functions of the contract, for every input: fitting values, times, and what goes into headers."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas import Event, Target
from schemas.avro import encode
from schemas.headers import record_headers, webhook_id
from schemas.lenient import fitting
from schemas.timestamps import micros
from schemas.trace_context import is_traceparent
from schemas.wire import event_json, media_type
from tests.kit.events import events, times

_SURROGATES = st.text(st.sampled_from("\ud800\udfffa"), max_size=3)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=5), _SURROGATES
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | _SURROGATES, inner, max_size=3),
    max_leaves=6,
)
_MEMBERS = [
    "mediaType",
    "digest",
    "size",
    "urls",
    "annotations",
    "data",
    "platform",
    "artifactType",
    "length",
    "references",
]
_TARGETS = st.dictionaries(st.sampled_from(_MEMBERS), _SCALARS | _ANYTHING, max_size=6)


@given(st.one_of(_ANYTHING, _TARGETS))
def test_fitting_takes_any_value(value: Any) -> None:
    """Whatever JSON holds becomes a target that both JSON and Avro can carry."""
    target = fitting(value, Target)
    assert msgspec.json.decode(msgspec.json.encode(target), type=Target) == target
    assert event_json(Event(target=target))
    assert encode(Event(target=target))


@given(_TARGETS)
def test_fitting_takes_what_fits_whole(value: dict[str, Any]) -> None:
    """Where every member fits, the lenient rule and the strict parser give the same."""
    try:
        strict = msgspec.convert(value, Target)
        msgspec.json.encode(strict)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return
    assert strict == fitting(value, Target)


@given(st.one_of(st.text(), times()))
def test_micros_is_total(text: str) -> None:
    """Any text is a time within the years 1 to 9999, give or take an offset, or none."""
    found = micros(text)
    assert found is None or -62135683200000000 <= found < 253402387200000000


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001 - the offset comes below
    st.integers(0, 10**9 - 1),
    st.integers(0, 9),
    st.integers(-1439, 1439),
)
def test_micros_is_the_time_with_finer_digits_cut_off(when: datetime, nanos: int, digits: int, offset: int) -> None:
    """Any fraction and any offset give the microsecond that the instant lies in."""
    fraction = f"{nanos:09d}"[:digits]
    sign, minutes = "+-"[offset < 0], abs(offset)
    zone = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    text = f"{when.replace(microsecond=0).isoformat()}{'.' * bool(digits)}{fraction}{zone}"
    whole = when.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=offset)
    expected = (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + int(
        fraction.ljust(9, "0")
    ) // 1000
    assert expected == micros(text)


@given(events())
def test_ids_of_webhooks_can_stand_in_a_header(event: Event) -> None:
    """The id is 1 to 128 visible ASCII characters without a full stop, and the event's own where that is such."""
    found = webhook_id(event)
    assert re.fullmatch(r"[\x21-\x2d\x2f-\x7e]{1,128}", found)
    own = 0 < len(event.id) <= 128 and all("!" <= character <= "~" and character != "." for character in event.id)
    assert (found == event.id) == own


@given(events())
def test_headers_are_made_for_every_event(event: Event) -> None:
    """Every event has its headers, each once, and a source that is a URI reference."""
    headers = record_headers(event)
    names = [name for name, _ in headers]
    assert len(set(names)) == len(names)
    source = dict(headers)["ce_source"].decode()
    assert re.fullmatch(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", source)
    assert ("ce_time" in names) == (event.timestamp_micros is not None)


@given(st.text())
def test_traceparent_is_total(text: str) -> None:
    """Any text is a traceparent of 55 characters, or none."""
    assert is_traceparent(text) is False or len(text) == 55


@given(st.text())
def test_media_type_is_total(text: str) -> None:
    """Any Content-Type has a media type: trimmed, without parameters, the same when read again."""
    found = media_type(text)
    assert (found, False) == (media_type(found), ";" in found)
