"""Which bodies are envelopes, what each refusal says, and that no body can cost the bridge its life."""

import contextlib

import pytest

from schemas.envelope import EnvelopeError, EnvelopeTooLargeError, event_texts, read_envelope, read_event
from schemas.json_text import MAX_DEPTH
from schemas.limits import MAX_EVENTS, MAX_REFERENCES, MAX_VALUES
from schemas.wire import event_json
from tests.kit.cpu import cpu_bound
from tests.kit.events import V2


def _texts(body: bytes) -> list[str]:
    return [event_json(event).decode() for event in read_envelope(body, content_type=V2)]


def _nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """An envelope of this many levels in all."""
    inner = levels - 3
    return b'{"events":[{"x":' + opening * inner + closing * inner + b"}]}"


_REFUSED = [
    (b"\xff{}", "", "the body is not UTF-8 (byte 0)"),
    (b'{"events":[{"id":"\xed\xa0\x80"}]}', "", "the body is not UTF-8 (byte 18)"),
    (b"\xef\xbb\xbf\xef\xbb\xbf{}", "line 1 column 1", "not JSON: Expecting value"),
    (b" \xef\xbb\xbf{}", "line 1 column 2", "not JSON: Expecting value"),
    *(
        ("{}".encode(wide), "", "the body is UTF-16 or UTF-32; it must be UTF-8")
        for wide in ("utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le")
    ),
    (b"", "line 1 column 1", "not JSON: Expecting value"),
    (b"   \n ", "line 2 column 2", "not JSON: Expecting value"),
    (b"events", "line 1 column 1", "not JSON: Expecting value"),
    (b"{} {}", "line 1 column 4", "not JSON: Extra data"),
    (b'{"events":[]', "line 1 column 13", "not JSON: Expecting ',' delimiter"),
    (b'{"events":[{"a":01}]}', "line 1 column 18", "not JSON: Expecting ',' delimiter"),
    (b'{"events":[{"a":"\t"}]}', "line 1 column 18", "not JSON: Invalid control character at"),
    (b'{"events":[{"a":"\\x"}]}', "line 1 column 18", "not JSON: Invalid \\escape"),
    (b'{\n "events": [\n  {"a":\x0b1}]}', "line 3 column 8", "not JSON: Expecting value"),
    (b"NaN", "line 1 column 1", "NaN is not JSON"),
    (b"Infinity", "line 1 column 1", "Infinity is not JSON"),
    (b"-Infinity", "line 1 column 1", "-Infinity is not JSON"),
    (b'{"events":[{"x":NaN}]}', "line 1 column 17", "NaN is not JSON"),
    (b'{"events":[{"target":{"size":\n-Infinity}}]}', "line 2 column 1", "-Infinity is not JSON"),
    (b'{"events":[],"x":[Infinity]}', "line 1 column 19", "Infinity is not JSON"),
    (b"[]", "", "an envelope must be a JSON object"),
    (b'[{"events":[]}]', "", "an envelope must be a JSON object"),
    (b'"events"', "", "an envelope must be a JSON object"),
    (b"null", "", "an envelope must be a JSON object"),
    (b"3", "", "an envelope must be a JSON object"),
    (b'{"id":"a"}', "events", "the envelope has members but no `events`"),
    (b'{"Events":[]}', "events", "the envelope has members but no `events`"),
    (b'{"events":{}}', "events", "must be a list of objects"),
    (b'{"events":"a"}', "events", "must be a list of objects"),
    (b'{"events":0}', "events", "must be a list of objects"),
    (b'{"events":false}', "events", "must be a list of objects"),
    (b'{"events":[],"events":1}', "events", "stands more than once in the envelope"),
    (b'{"events":[null]}', "events[0]", "must be an object"),
    (b'{"events":[{},{},[]]}', "events[2]", "must be an object"),
    (b'{"events":[{},"a",3]}', "events[1]", "must be an object"),
    (_nested(501), "line 1 column 514", "nested deeper than 500 levels"),
    (_nested(501, b'{"a":', b"}"), "line 1 column 2502", "nested deeper than 500 levels"),
]


@pytest.mark.parametrize(("body", "path", "reason"), _REFUSED, ids=[repr(case[0][:30]) for case in _REFUSED])
def test_refusal_names_place_and_reason(body: bytes, path: str, reason: str) -> None:
    """A body that is no envelope is refused with the place and what is wrong there."""
    with pytest.raises(EnvelopeError) as refusal:
        read_envelope(body, content_type=V2)
    assert path == refusal.value.path
    assert refusal.value.reason.startswith(reason)
    assert (f"{path}: {refusal.value.reason}" if path else refusal.value.reason) == str(refusal.value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"events":[{"id":"a"}],"events":[]}',
        b'{"events":[{"id":"a"}],"events":[{"id":"a"}]}',
        b'{"events":[],"x":[{"events":1}], "events" : [{"id":"b"}]}',
        b'{"events":7,"events":[{"id":"b"}]}',
        b'{"events":[{"id":"a"}],"events":null}',
        b'{"events":[{"id":"a"}],"\\u0065vents":[]}',
        b'{"\\u0065vents":[{"id":"a"}],"events":[{"id":"b"}]}',
        b'{"events":[{"id":"a"}],"Events":[{"id":"b"}]}',
        b'{"EVENTS":[{"id":"a"}],"events":null}',
    ],
)
def test_an_envelope_has_its_events_once(body: bytes) -> None:
    """A parser keeps one of two lists without a word: the events of the other would be lost, and answered 200."""
    with pytest.raises(EnvelopeError, match=r"^events: stands more than once in the envelope; readers do not agree"):
        read_envelope(body, content_type=V2)


@pytest.mark.parametrize(
    "body", [b"{}", b"\xef\xbb\xbf{}", b" { } ", b'{"events":null}', b'{"events":[]}', b'{"events":[ ],"x":1}']
)
def test_envelope_without_events_is_one(body: bytes) -> None:
    """Nothing in it is no reason to refuse it: a registry would send it again for ever."""
    assert _texts(body) == []


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b'{"events":[{}]}', ["{}"]),
        (b'{"events":[{"id":3},{"a":[]} , { } ]}', ['{"id":3}', '{"a":[]}', "{ }"]),
        (b'{"events":[{"id":"a","id":"b","target":{},"target":{}}]}', ['{"id":"a","id":"b","target":{},"target":{}}']),
        (b'{"events":[{"events":[],"events":[]}],"beside":"events"}', ['{"events":[],"events":[]}']),
        (b'{"\\u0065vents":[{"id":"a"}],"x":{"events":[{"id":"no"}]}}', ['{"id":"a"}']),
        (b'\r\n\t {"x" : 1 , "events"\n:\n[\t{"id" : "a"}\r] } ', ['{"id" : "a"}']),
        (b'{"events":[{"x":"NaN Infinity [[[ \\" -Infinity"}]}', ['{"x":"NaN Infinity [[[ \\" -Infinity"}']),
        (b'{"events":[{"n":' + b"9" * 5000 + b"}]}", ['{"n":' + "9" * 5000 + "}"]),
        (b'{"events":[{"id":' + b"9" * 5000 + b"}]}", ['{"id":' + "9" * 5000 + "}"]),
        (b'{"events":[{"id":"\\ud800"}]}', ['{"id":"\\ud800"}']),
        (b'{"events":[{"target":{"size":"\\ud800"}}]}', ['{"target":{"size":"\\ud800"}}']),
        (
            b'{"events":[{"target":{"\\ud800":1,"length":["\\udfff"]}}]}',
            ['{"target":{"\\ud800":1,"length":["\\udfff"]}}'],
        ),
    ],
)
def test_events_are_found_as_they_stand(body: bytes, texts: list[str]) -> None:
    """The events of an envelope are its text between the commas, however it is spelled; the last `events` counts."""
    assert texts == _texts(body)


def test_depth_ends_at_500_levels() -> None:
    """500 levels are taken, by lists and by objects, in an event and beside the events."""
    assert MAX_DEPTH == 500
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        body = (
            _nested(500, opening, closing) if opening == b"[" else _nested(500, opening, b"}").replace(b":}", b":1}", 1)
        )
        assert [body[11:-2].decode()] == _texts(body)
    assert _texts(b'{"x":' + b"[" * 499 + b"]" * 499 + b',"events":[]}') == []


@pytest.mark.parametrize(
    "body",
    [_nested(100_000), b"[" * 100_000, b'{"events":[{"a":' * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000],
    ids=["closed", "open", "envelopes", "objects"],
)
def test_extreme_depth_is_refused_not_fatal(body: bytes) -> None:
    """A hundred thousand levels are an error to the sender, no crash."""
    with pytest.raises(EnvelopeError, match="nested deeper than 500 levels"):
        read_envelope(body, content_type=V2)


def test_many_shallow_brackets_are_no_depth() -> None:
    """More than 500 brackets side by side, as in a manifest of many layers, are an ordinary envelope."""
    text = '{"target":{"references":[' + ",".join(["{}"] * 600) + "]}}"
    assert [text] == _texts(f'{{"events":[{text}]}}'.encode())


@pytest.mark.parametrize(
    "piece",
    [b'\\"', b"\\", b'"', b"x", b"\\\\", b'"a":', b"-", b"-Infinit", b"[", b"]", b" ", b"9", b"\\u"],
    ids=repr,
)
@pytest.mark.parametrize("end", [b"", b'"', b'"}]}', b"}]}"], ids=repr)
def test_time_grows_with_the_body_and_not_faster(piece: bytes, end: bytes) -> None:
    """64 kB made to be slow are judged in well under a second: no sender can hold the event loop."""
    body = b'{"events":[{"id":1,"a":"' + piece * (64_000 // len(piece)) + end
    with cpu_bound(100), contextlib.suppress(EnvelopeError):
        read_envelope(body, content_type=V2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "an event must be a JSON object"),
        ("null", "an event must be a JSON object"),
        ('"a"', "an event must be a JSON object"),
        ("", "line 1 column 1: not JSON: Expecting value"),
        ("{}}", "line 1 column 3: not JSON: Extra data"),
        ('{"a":NaN}', "line 1 column 6: NaN is not JSON"),
        ('{"a":' * 501 + "1" + "}" * 501, "line 1 column 2501: nested deeper than 500 levels"),
    ],
)
def test_bare_event_that_is_none(text: str, reason: str) -> None:
    """A bare event is judged as an envelope's would be."""
    with pytest.raises(EnvelopeError) as refusal:
        read_event(text, content_type=V2)
    assert reason == str(refusal.value)


def test_labels_come_from_the_caller() -> None:
    """Every event carries the label and the Content-Type it came in with; a body cannot set them."""
    body = b'{"events":[{"registry":"evil","contentType":"x","original":"y"},{}]}'
    for event in read_envelope(body, content_type="application/json", registry="eu"):
        assert (event.registry, event.content_type) == ("eu", "application/json")
        assert event.original != "y"


def listed(member: str, item: str, count: int, *, odd: str = "") -> str:
    """An event whose target has a list of so many items; `odd` is a member that makes msgspec give up."""
    return f'{{"id":"a",{odd}"target":{{"{member}":[{",".join([item] * count)}]}}}}'


VALUES_SAY = "may have 350,000 values (members of objects and items of lists); this has more"
REFERENCES_SAY = "target.references: 40,009 references; an event may have 40,000"


@pytest.mark.parametrize("odd", ["", '"action":7,'], ids=["", "misfit"])
@pytest.mark.parametrize(
    ("member", "item", "most", "says"),
    [("urls", '""', MAX_VALUES - 6, VALUES_SAY), ("references", "{}", MAX_REFERENCES, REFERENCES_SAY)],
)
def test_what_an_event_may_hold(member: str, item: str, most: int, says: str, odd: str) -> None:
    """Just within the limit it is taken, beyond it refused, in an envelope of a POST, of a file, and bare."""
    within, beyond = (listed(member, item, count, odd=odd) for count in (most - 1, most + 9))
    assert 2 == len(event_texts(f'{{"events":[{{}},{within}]}}'.encode()))
    for read in (
        lambda: event_texts(f'{{"events":[{{}},{beyond}]}}'.encode()),
        lambda: read_envelope(f'{{"events":[{{}},{beyond}]}}'.encode(), content_type=V2),
        lambda: read_event(beyond, content_type=V2),
    ):
        with pytest.raises(EnvelopeTooLargeError) as refused:
            read()
        assert str(refused.value).endswith(says)


def test_how_many_events_an_envelope_may_hold() -> None:
    """Of a registry 10,000; a file may hold as many as it likes."""
    most, more = (b'{"events":[' + b",".join([b"{}"] * count) + b"]}" for count in (MAX_EVENTS, MAX_EVENTS + 1))
    assert MAX_EVENTS == len(event_texts(most))
    with pytest.raises(EnvelopeTooLargeError, match="events: 10,001 events; an envelope may have 10,000"):
        event_texts(more)
    assert MAX_EVENTS + 1 == len(read_envelope(more, content_type=V2))


def test_values_of_all_events_count_together() -> None:
    """In a POST, so that what is made of one stays small; in a file each event counts by itself."""
    body = ('{"events":[' + ",".join([listed("urls", '""', MAX_VALUES // 3)] * 3) + "]}").encode()
    with pytest.raises(EnvelopeTooLargeError, match=r"^an envelope may have 350,000 values"):
        event_texts(body)
    assert 3 == len(read_envelope(body, content_type=V2))


def test_commas_of_texts_are_no_values() -> None:
    """An event of few and long texts is taken, whatever is in them."""
    assert 1 == len(event_texts(b'{"events":[{"id":"' + b",[{" * MAX_VALUES + b'"}]}'))
