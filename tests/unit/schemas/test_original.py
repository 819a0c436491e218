"""`original` is kept exactly when the typed members do not give back the same bytes; the typed members stay right."""

import json
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from schemas import Event, Platform, RequestRecord, Target
from schemas.avro import UndecodableError, decode, encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope, read_event
from schemas.limits import MAX_VALUES
from schemas.original import fault_of
from schemas.wire import envelope_json, event_json, typed_json
from tests.kit.events import V1, V2

_ZERO = Event(timestamp="0001-01-01T00:00:00Z")


def _written(event: Event) -> str:
    return typed_json(event).decode()


def _through_the_log(event: Event) -> Event:
    return decode(frame(CATALOG.latest.id, encode(event)), CATALOG.latest.fingerprint)


_BASE = _written(replace(_ZERO, id="a", action="push"))
_BASE_V1 = _written(replace(_ZERO, id="a", action="push", content_type=V1))


def _with(old: str, new: str) -> str:
    assert old in _BASE
    return _BASE.replace(old, new)


_KEPT = {
    "compact": json.dumps(json.loads(_BASE), separators=(",", ":")),
    "other order": _with('"id": "a",\n         "timestamp"', '"timestamp"').replace('"action"', '"id": "a", "action"'),
    "GitLab's meta": _with('"actor"', '"meta": {"blob": {"redirected": true}}, "actor"'),
    "GitLab's user_type": _with('"actor": {}', '"actor": {"user_type": "build"}'),
    "null text": _with('"id": "a"', '"id": null'),
    "null record": _with('"actor": {}', '"actor": null'),
    "null platform": _with('"size": 0', '"size": 0,\n            "platform": null'),
    "empty platform": _with('"size": 0', '"size": 0,\n            "platform": {}'),
    "empty id": _with('"id": "a"', '"id": ""'),
    "empty list": _with('"size": 0', '"size": 0,\n            "urls": []'),
    "empty map": _with('"size": 0', '"size": 0,\n            "annotations": {}'),
    "float": _with('"size": 0', '"size": 1.0'),
    "exponent": _with('"size": 0', '"size": 1e3'),
    "minus zero": _with('"size": 0', '"size": -0'),
    "beyond 64 bits": _with('"size": 0', '"size": 9223372036854775808'),
    "below 64 bits": _with('"size": 0', '"size": -9223372036854775809'),
    "length beyond 64 bits": _with('"size": 0', '"size": 0,\n            "length": 9223372036854775808'),
    "a reference beyond 64 bits": _with('"size": 0', '"size": 0, "references": [{"size": 9223372036854775808}]'),
    "5,000 digits": _with('"size": 0', '"size": ' + "7" * 5000),
    "lone surrogate": _with('"id": "a"', '"id": "\\ud800"'),
    "lone surrogate as number": _with('"size": 0', '"size": "\\udfff"'),
    "lone surrogate as key": _with('"size": 0', '"size": 0, "annotations": {"\\ud800": "a", "b": "\\udc00"}'),
    "duplicate key": _with('"id": "a"', '"id": "b",\n         "id": "a"'),
    "duplicate key of the wrong type": _with('"id": "a"', '"id": 7,\n         "id": "a"'),
    "missing member": _with('"actor": {},\n         ', ""),
    "raw line separator": _with('"id": "a"', '"id": "\u2028"'),
    "raw HTML": _with('"id": "a"', '"id": "<>&"'),
    "upper-case escape": _with('"id": "a"', '"id": "\\u003C"'),
    "escaped ASCII": _with('"id": "a"', '"id": "\\u0061"'),
    "escaped non-ASCII": _with('"id": "a"', '"id": "\\u00e9"'),
    "escaped slash": _with('"id": "a"', '"id": "\\/"'),
    "escaped DEL": _with('"id": "a"', '"id": "\\u007f"'),
    "Go's replacement of bad UTF-8": _with('"id": "a"', '"id": "\\ufffd"'),
    "annotations unsorted": _with(
        '"size": 0',
        '"size": 0,\n            "annotations": {\n               "b": "1",\n               "a": "2"\n            }',
    ),
    "old escapes in the new shape": _with('"id": "a"', '"id": "\\u0008\\u000c"'),
    "trailing newline": _BASE + "\n",
    "CRLF": _BASE.replace("\n", "\r\n"),
    "wrong types everywhere": '{"id":{},"timestamp":[],"action":1,"target":"t","request":[],"actor":3,"source":false}',
    "wrong types within": '{"target":{"mediaType":1,"size":"1","digest":null,"urls":{"a":1},"annotations":["a"],'
    '"platform":3,"references":[1,null,{"size":"x","platform":[]}]},"request":{"id":[],"addr":1},"source":{"instanceID":{}}}',
    "nothing": "{}",
    "other letter case": '{"ID":"a","Action":"push"}',
}
_TYPED = {
    "known": _BASE,
    "unknown action": _with('"push"', '"quarantine"'),
    "non-ASCII": _with('"id": "a"', '"id": "é✓😀"'),
    "DEL": _with('"id": "a"', '"id": "\x7f"'),
    "escaped line separators": _with('"id": "a"', '"id": "\\u2028\\u2029"'),
    "escaped HTML": _with('"id": "a"', '"id": "\\u003c\\u003e\\u0026"'),
    "short escapes": _with('"id": "a"', '"id": "\\b\\f\\n\\r\\t\\"\\\\/"'),
    "controls": _with('"id": "a"', '"id": "\\u0000\\u001f\\u000b"'),
    "annotations sorted by byte": _with(
        '"size": 0',
        '"size": 0,\n            "annotations": {\n               "A": "",\n               "a": "2",'
        '\n               "\uffff": "3",\n               "😀": "4"\n            }',
    ),
    "data": _with('"size": 0', '"size": 0,\n            "data": "Zm9v"'),
    "largest": _with('"size": 0', '"size": 9223372036854775807'),
    "smallest": _with('"size": 0', '"size": -9223372036854775808'),
    "empty platform as Go writes it": _with(
        '"size": 0',
        '"size": 0,\n            "platform": {\n               "architecture": "",'
        '\n               "os": ""\n            }',
    ),
    "bad digest": _with('"digest": ""', '"digest": "cfgdgst"'),
}


@pytest.mark.parametrize("text", _KEPT.values(), ids=_KEPT.keys())
def test_text_is_kept_where_typed_members_fall_short(text: str) -> None:
    """What the typed members cannot give back is kept, and goes out of the log as it came in."""
    event = read_event(text, content_type=V2)
    assert text == event.original
    assert text == event_json(_through_the_log(event)).decode()


@pytest.mark.parametrize("text", _TYPED.values(), ids=_TYPED.keys())
def test_typed_members_suffice(text: str) -> None:
    """What the typed members give back is not kept twice."""
    event = read_event(text, content_type=V2)
    assert ("", text) == (event.original, event_json(_through_the_log(event)).decode())


_KEPT_V1 = {
    "data": _BASE_V1.replace('"target": {}', '"target": {\n            "data": "Zm9v"\n         }'),
    "artifactType": _BASE_V1.replace('"target": {}', '"target": {\n            "artifactType": "a/b"\n         }'),
    "size 0": _BASE_V1.replace('"target": {}', '"target": {\n            "size": 0\n         }'),
    "digest before size": _BASE_V1.replace(
        '"target": {}', '"target": {\n            "digest": "d",\n            "size": 1\n         }'
    ),
    "new escapes": _BASE_V1.replace('"id": "a"', '"id": "\\b\\f"'),
}
_TYPED_V1 = {
    "known": _BASE_V1,
    "old escapes": _BASE_V1.replace('"id": "a"', '"id": "\\u0008\\u000c\\\\b\\\\\\u0008\\\\\\\\f"'),
    "size before digest": _BASE_V1.replace(
        '"target": {}', '"target": {\n            "size": 1,\n            "digest": "d"\n         }'
    ),
}


@pytest.mark.parametrize("text", _KEPT_V1.values(), ids=_KEPT_V1.keys())
def test_text_is_kept_in_the_old_shape(text: str) -> None:
    """What registry 2.8 would have written otherwise is kept as it came."""
    event = read_event(text, content_type=V1)
    assert (text, text) == (event.original, event_json(_through_the_log(event)).decode())


@pytest.mark.parametrize("text", _TYPED_V1.values(), ids=_TYPED_V1.keys())
def test_typed_members_suffice_in_the_old_shape(text: str) -> None:
    """Registry 2.8's own bytes need no copy."""
    event = read_event(text, content_type=V1)
    assert ("", text) == (event.original, event_json(_through_the_log(event)).decode())


def test_wrong_types_leave_what_fits() -> None:
    """A value that does not fit its type is absent; its neighbours are not."""
    text = (
        '{"id":7,"action":"push","timestamp":"2026-01-02T03:04:05Z","actor":{"name":["x"]},"source":"s",'
        '"request":{"id":"r","addr":{},"method":"PUT"},'
        '"target":{"size":"1","length":12,"digest":"d","urls":["a",1,null,"b"],"annotations":{"a":"1","b":2,"c":null},'
        '"platform":{"os":"linux","architecture":1,"os.features":[1,"f"]},"references":[{"size":5,"digest":1},7,{"platform":{}}]}}'
    )
    event = read_event(text, content_type=V2)
    found: dict[str, Any] = asdict(event.target)
    assert (event.id, event.action, event.timestamp) == ("", "push", "2026-01-02T03:04:05Z")
    assert (
        event.actor.name,
        event.source.addr,
        event.request.id,
        event.request.addr,
        event.request.method,
    ) == ("", "", "r", "", "PUT")
    assert (
        found["size"],
        found["length"],
        found["digest"],
        found["urls"],
        found["annotations"],
    ) == (0, 12, "d", ["a", "b"], {"a": "1"})
    assert Platform(os="linux", os_features=["f"]) == event.target.platform
    assert [(5, "", None), (0, "", Platform())] == [
        (reference.size, reference.digest, reference.platform) for reference in event.target.references
    ]


def test_platform_null_and_empty_are_two_things() -> None:
    """A platform that is an object, even an empty one, is present; null is absent."""
    for text, expected in (("null", None), ("{}", Platform()), ("[]", None)):
        event = read_event(f'{{"target":{{"platform":{text}}}}}', content_type=V2)
        assert expected == _through_the_log(event).target.platform


def test_several_events_of_one_envelope_need_no_copy() -> None:
    """The second event of a registry's envelope is written like the first, so none keeps a copy."""
    events = [replace(_ZERO, id=name, content_type=V2) for name in "abc"]
    found = read_envelope(envelope_json(events), content_type=V2)
    assert events == found


def test_one_event_from_a_registry_goes_out_byte_for_byte_though_unknown() -> None:
    """An envelope of one event keeps its bytes even where its members are not all ours (GitLab's)."""
    body = b'{\n   "events": [\n      ' + _KEPT["GitLab's meta"].encode() + b"\n   ]\n}"
    (event,) = read_envelope(body, content_type=V1)
    assert body == envelope_json([_through_the_log(event)])


_SAID = {
    "id": "a",
    "timestamp": "2026-11-24T11:52:14Z",
    "action": "push",
    "target": {"mediaType": "m", "digest": "sha256:0a", "repository": "library/app", "tag": "v1", "size": 7},
    "request": {"method": "PUT"},
    "meta": {"GitLab": True},
}
_MEMBERS = read_event(json.dumps(_SAID), content_type=V1)
_OTHERS: dict[str, dict[str, Any]] = {
    "id": {"id": "b"},
    "timestamp": {"timestamp": ""},
    "action": {"action": "delete"},
    "mediaType": {"target": replace(_MEMBERS.target, media_type="n")},
    "digest": {"target": replace(_MEMBERS.target, digest="sha256:0b")},
    "repository": {"target": replace(_MEMBERS.target, repository="library/other")},
    "tag": {"target": replace(_MEMBERS.target, tag="")},
    "method": {"request": RequestRecord(method="HEAD")},
}


@pytest.mark.parametrize(("name", "members"), _OTHERS.items(), ids=_OTHERS)
def test_text_of_another_event_is_no_original(name: str, members: dict[str, Any]) -> None:
    """What identifies an event, and what filters look at, is the same in the text that goes out."""
    event = replace(_MEMBERS, **members)
    assert fault_of(event) == f"has another {name} than the record"
    with pytest.raises(UndecodableError, match=f"its original has another {name} than the record"):
        _through_the_log(event)


def test_members_that_later_releases_may_read_otherwise_are_not_compared() -> None:
    """A record of another release may hold fewer members than the text does, or more."""
    event = replace(_MEMBERS, target=replace(_MEMBERS.target, size=0, length=9, urls=["u"]))
    assert fault_of(event) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("this is not JSON <script>", "is not the JSON of an event: line 1 column 1: not JSON: Expecting value"),
        ('{"id":"x"}\n   ],"evil":[1', "is not the JSON of an event: line 2 column 4: not JSON: Extra data"),
        ("[]", "is not the JSON of an event: an event must be a JSON object"),
        ('"x"', "is not the JSON of an event: an event must be a JSON object"),
        ('{"id":NaN}', "is not the JSON of an event: line 1 column 7: NaN is not JSON"),
        ('{"x":"\n"}', "is not the JSON of an event: line 1 column 7: not JSON: Invalid control character at"),
        ("[" * 100_000, "is not the JSON of an event: line 1 column 501: nested deeper than 500 levels"),
        ('{"x":[' + "1," * MAX_VALUES + "1]}", "has more than 350,000 values, the limit of one event"),
        ('{"x":["\\ud800",' + "1," * MAX_VALUES + "1]}", "has more than 350,000 values, the limit of one event"),
    ],
    ids=["no JSON", "an envelope's end", "a list", "a text", "NaN", "a raw line end", "deep", "many", "many and odd"],
)
def test_text_that_is_not_one_object_is_no_original(text: str, fault: str) -> None:
    """Nobody who writes records can end the envelope early, or bring other members into it."""
    assert fault_of(Event(original=text)) == fault
    with pytest.raises(UndecodableError):
        _through_the_log(Event(original=text))


def test_members_of_the_wrong_type_are_absent_on_both_sides() -> None:
    """As at the intake: what does not fit its type is not there."""
    text = '{"id":7,"action":null,"target":{"tag":["v1"],"repository":"r"},"request":[]}'
    assert fault_of(Event(original=text, target=Target(repository="r"))) == ""
    assert fault_of(Event(original=text)) == "has another repository than the record"
