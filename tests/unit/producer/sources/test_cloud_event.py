"""CloudEvents in the three modes of the HTTP binding, as the SDK of the specification writes and reads them."""

import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent as SDKEvent

from producer.sources.cloud_event import BATCHED, STRUCTURED, CloudEvent, cloud_event, cloud_events, is_cloud_event
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError

DATA = {"name": "shop/web", "sizes": [1, 2.5, None], "title": "Käse"}
ATTRIBUTES: dict[str, Any] = {
    "specversion": "1.0",
    "id": "9f0c-1",
    "type": "com.example.made",
    "source": "//registry.example",
    "subject": 'Käse "& 100 %',
    "operator": "ann",
}
JSON = "application/json"


def post_of(message: HTTPMessage) -> ForeignPost:
    """What a reader gets of what the SDK sends."""
    headers = {name.lower(): value for name, value in message.headers.items()}
    return ForeignPost(message.body, headers.pop("content-type", JSON), headers)


def structured(value: Any, content_type: str = STRUCTURED) -> ForeignPost:
    """A POST in structured mode."""
    return ForeignPost(json.dumps(value).encode(), content_type, {})


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
def test_reads_the_sdk(write: Any) -> None:
    """What the SDK sends is read, in structured and in binary mode: all attributes, and the data."""
    post = post_of(write(SDKEvent({**ATTRIBUTES, "datacontenttype": JSON}, DATA)))
    found = cloud_event(post)
    assert is_cloud_event(post)
    assert (ATTRIBUTES, DATA) == ({name: found.attribute(name) for name in ATTRIBUTES}, found.data)
    assert json.loads(found.text) == DATA


@pytest.mark.parametrize("value", ["a b", 'say \\"hi\\"', "Käse", "100%25", "%", "a%2Fb", "a\\b"])
def test_reads_headers_as_the_sdk(value: str) -> None:
    """A value that stands in a header unquoted is read as the SDK does."""
    headers = {f"ce-{name}": "x" for name in ("id", "type", "source")} | {"ce-specversion": "1.0", "ce-subject": value}
    body = json.dumps(DATA).encode()
    expected = from_http_event(HTTPMessage({**headers, "content-type": JSON}, body))
    assert expected.get_subject() == cloud_event(ForeignPost(body, JSON, headers)).attribute("subject")


@pytest.mark.parametrize(("value", "expected"), [('"a b"', "a b"), (r'"say \"hi\""', 'say "hi"'), ('"', '"'), ("", "")])
def test_quoted_header(value: str, expected: str) -> None:
    """A value in quotes, as older senders write it, is without them."""
    headers = {f"ce-{name}": "1.0" for name in ("id", "type", "source", "specversion")}
    found = cloud_event(ForeignPost(b"{}", JSON, {**headers, "ce-subject": value}))
    assert expected == found.attribute("subject")


def test_batch() -> None:
    """A batch has its events in order, each with the text of its data as it came."""
    members = [{**ATTRIBUTES, "id": str(number), "data": {"number": number}} for number in range(3)]
    body = ("[" + " , ".join(json.dumps(one, indent=1) for one in members) + " ]").encode()
    found = cloud_events(ForeignPost(body, f"{BATCHED}; charset=utf-8", {}))
    assert [("0", {"number": 0}), ("1", {"number": 1}), ("2", {"number": 2})] == [
        (event.attribute("id"), event.data) for event in found
    ]
    assert found[1].text.split() == json.dumps({"number": 1}, indent=1).split()


def test_one_is_a_batch_of_one() -> None:
    """A POST in another mode has one event."""
    post = structured({**ATTRIBUTES, "data": DATA})
    assert [cloud_event(post)] == cloud_events(post)


def test_data_in_base64() -> None:
    """JSON that came as binary data is JSON."""
    message = to_structured_event(SDKEvent({**ATTRIBUTES}, json.dumps(DATA).encode()))
    assert b"data_base64" in message.body
    assert DATA == cloud_event(post_of(message)).data


@pytest.mark.parametrize("data", ["?", "e", "gA==", "e30=e30=", "ew==", "", "IA=="])
def test_base64_of_no_json(data: str) -> None:
    """Binary data that is no JSON is refused."""
    with pytest.raises(NotThisFormatError):
        cloud_event(structured({**ATTRIBUTES, "data_base64": data}))


def test_base64_of_too_much() -> None:
    """Binary data is held to the number of values that a body may have."""
    message = to_structured_event(SDKEvent({**ATTRIBUTES}, b"[" + b"0," * 400_000 + b"0]"))
    with pytest.raises(NotThisFormatError, match="data_base64: has more values"):
        cloud_event(post_of(message))


def test_without_data() -> None:
    """An event needs no data."""
    assert CloudEvent(ATTRIBUTES) == cloud_event(structured(ATTRIBUTES))


def test_attributes_are_text() -> None:
    """A member that is no text, or text that UTF-8 cannot carry, is as if absent."""
    found = cloud_event(structured({**ATTRIBUTES, "time": 7, "operator": "\ud800", "level": True}))
    assert ("", "", "") == (found.attribute("time"), found.attribute("operator"), found.attribute("level"))


@pytest.mark.parametrize("name", ["specversion", "id", "type", "source"])
@pytest.mark.parametrize("value", ["", None, 1])
def test_required(name: str, value: Any) -> None:
    """Without one of its four attributes it is no CloudEvent, and the refusal names it."""
    with pytest.raises(NotThisFormatError, match=f"`{name}`"):
        cloud_event(structured({**ATTRIBUTES, name: value}))


def test_version() -> None:
    """Of another version nothing is known."""
    with pytest.raises(NotThisFormatError, match="specversion: must be of version 1"):
        cloud_event(structured({**ATTRIBUTES, "specversion": "2.0"}))


def test_names_the_place_in_a_batch() -> None:
    """The refusal of a batch says which event is none."""
    with pytest.raises(NotThisFormatError, match=r"^\[1\]: a CloudEvent must have the member `id`"):
        cloud_events(structured([ATTRIBUTES, {**ATTRIBUTES, "id": ""}], BATCHED))


@pytest.mark.parametrize(
    ("value", "content_type"), [([], STRUCTURED), ("x", STRUCTURED), ({}, BATCHED), ([7], BATCHED)]
)
def test_not_the_mode(value: Any, content_type: str) -> None:
    """A body that is not of the mode that its Content-Type names is refused."""
    with pytest.raises(NotThisFormatError, match="must be a"):
        cloud_events(structured(value, content_type))


def test_binary_header_that_is_no_utf8() -> None:
    """A header of bytes that are no UTF-8 is refused by its name."""
    headers = {f"ce-{name}": "1.0" for name in ("id", "type", "source", "specversion")}
    with pytest.raises(NotThisFormatError, match=r"^ce-subject: must be percent-encoded UTF-8"):
        cloud_event(ForeignPost(b"{}", JSON, {**headers, "ce-subject": "%C0%A0"}))


def test_is_none() -> None:
    """JSON without the header of binary mode is no CloudEvent."""
    assert not is_cloud_event(ForeignPost(b"{}", JSON, {}))
