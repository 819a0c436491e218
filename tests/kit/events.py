"""Hypothesis strategies for events: as models, as the JSON of any sender, and as bodies that mean harm.

JSON is made as text, not from Python values, so that spellings which a parser would fold into one (`1` and `1.0`,
escapes, a key that stands twice, white space) all occur. Nothing here knows how the bridge reads or writes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec.structs import replace

from schemas import ActorRecord, Descriptor, Event, Platform, RequestRecord, SourceRecord, Target

V1: Final = "application/vnd.docker.distribution.events.v1+json"
V2: Final = "application/vnd.docker.distribution.events.v2+json"
CONTENT_TYPES: Final = (
    V1,
    V2,
    "application/json",
    V1 + "; charset=utf-8",
    "Application/VND.docker.distribution.events.v1+JSON",
)

_AWKWARD: Final = '<>&\u2028\u2029\x7f\x00\x08\x0c\x1f\n\r\t"\\/bfu0é\ufffd\uffff😀'


def texts(max_size: int = 20) -> SearchStrategy[str]:
    """Text that UTF-8 can carry, rich in the characters that JSON writers treat differently."""
    awkward = st.text(st.sampled_from(_AWKWARD), max_size=max_size)
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)
    return st.one_of(st.just(""), st.sampled_from(["push", "library/app", "sha256:0a"]), awkward, anything)


def longs() -> SearchStrategy[int]:
    """Integers of 64 bits, the ends among them."""
    return st.one_of(st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1]), st.integers(-(2**63), 2**63 - 1))


def times() -> SearchStrategy[str]:
    """RFC 3339 times of all years and offsets, with none to nine and more digits of a second; and other text."""
    fraction = st.one_of(st.just(""), st.from_regex(r"\.[0-9]{1,12}", fullmatch=True))
    offset = st.one_of(st.just("Z"), st.from_regex(r"[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]", fullmatch=True))
    moment = st.datetimes().map(lambda when: when.replace(microsecond=0).isoformat())
    return st.one_of(st.tuples(moment, fraction, offset).map("".join), texts())


def platforms() -> SearchStrategy[Platform]:
    """Platforms, empty ones among them."""
    return st.builds(
        Platform,
        architecture=texts(),
        os=texts(),
        os_version=texts(),
        os_features=st.lists(texts(), max_size=3),
        variant=texts(),
    )


def _descriptor_members() -> dict[str, SearchStrategy[object]]:
    return {
        "media_type": texts(),
        "digest": texts(),
        "size": longs(),
        "urls": st.lists(texts(), max_size=3),
        "annotations": st.dictionaries(texts(), texts(), max_size=4),
        "data": texts(),
        "platform": st.none() | platforms(),
        "artifact_type": texts(),
    }


def descriptors() -> SearchStrategy[Descriptor]:
    """Descriptors as they stand in `references`."""
    return st.fixed_dictionaries({}, optional=_descriptor_members()).map(lambda members: Descriptor(**members))  # type: ignore[arg-type]


def targets() -> SearchStrategy[Target]:
    """Targets, with any of their members left out."""
    members: dict[str, SearchStrategy[object]] = _descriptor_members() | {
        "length": longs(),
        "repository": texts(),
        "from_repository": texts(),
        "url": texts(),
        "tag": texts(),
        "references": st.lists(descriptors(), max_size=3),
    }
    return st.fixed_dictionaries({}, optional=members).map(lambda chosen: Target(**chosen))  # type: ignore[arg-type]


def events(*, original: SearchStrategy[str] | None = None) -> SearchStrategy[Event]:
    """Events of either shape; without `original` unless a strategy for it is given."""
    sent = st.builds(
        Event,
        id=texts(),
        timestamp=times(),
        action=texts(),
        target=targets(),
        request=st.builds(RequestRecord, id=texts(), addr=texts(), host=texts(), method=texts(), useragent=texts()),
        actor=st.builds(ActorRecord, name=texts()),
        source=st.builds(SourceRecord, addr=texts(), instance_id=texts()),
        registry=st.sampled_from(["", "eu", "eu-1.a_b"]),
        content_type=st.sampled_from(CONTENT_TYPES),
        original=st.just("") if original is None else original,
    )
    return st.builds(lambda event, source: replace(event, **source), sent, _sources())


def _sources() -> SearchStrategy[dict[str, object]]:
    """What another format than a registry's envelope leaves in an event; often nothing."""
    members: dict[str, SearchStrategy[object]] = {
        "source_format": st.sampled_from(["", "harbor", "docker-hub"]),
        "source_content_type": st.sampled_from(["", "application/json"]),
        "source_headers": st.dictionaries(texts(), texts(), max_size=2),
        "source_body": texts(),
    }
    return st.just({}) | st.fixed_dictionaries(members)


@dataclass(frozen=True)
class Pairs:
    """A JSON object as its members in order of writing; a key can stand there twice."""

    members: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True)
class Items:
    """A JSON list."""

    items: tuple["Node", ...]


Node = str | Pairs | Items
"""A JSON value; a scalar is its own text as it is to be written."""

_NUMBERS: Final = (
    *("0", "-0", "1", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808"),
    *("-9223372036854775809", "18446744073709551616", "1.0", "1e3", "1E+400", "-1.5e-7", "9" * 5000, "0." + "3" * 400),
)
_STRINGS: Final = (
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u0041"', '"\\/"', '"\\u003c\\u003E"', '"\\b\\f"'),
    *(
        '"\\u0008\\u000c"',
        '"\u2028"',
        '"\\u2028"',
        '"<>&"',
        '"\x7f"',
        '"\\u0000"',
        '"é"',
        '"\\\\b"',
        '"2026-01-02T03:04:05Z"',
    ),
)


def _quoted(text: str) -> SearchStrategy[str]:
    return st.booleans().map(lambda ascii_only: json.dumps(text, ensure_ascii=ascii_only))


def scalars() -> SearchStrategy[Node]:
    """Texts of JSON scalars."""
    words = st.sampled_from(("null", "true", "false", *_NUMBERS, *_STRINGS))
    return st.one_of(
        words,
        texts().flatmap(_quoted),
        st.integers().map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
    )


_KEYS: Final = (
    *(
        "id",
        "timestamp",
        "action",
        "target",
        "request",
        "actor",
        "source",
        "events",
        "mediaType",
        "size",
        "digest",
        "urls",
    ),
    *("annotations", "platform", "references", "os.version", "ID", "meta", "user_type", ""),
)


def nodes() -> SearchStrategy[Node]:
    """Any JSON value."""
    keys = st.one_of(st.sampled_from(_KEYS), texts(6))
    return st.recursive(
        scalars(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda items: Items(tuple(items))),
            st.lists(st.tuples(keys, inner), max_size=3).map(lambda members: Pairs(tuple(members))),
        ),
        max_leaves=8,
    )


def _text() -> SearchStrategy[Node]:
    return texts().flatmap(_quoted)


def _number() -> SearchStrategy[Node]:
    return longs().map(str)


def _list(item: SearchStrategy[Node]) -> SearchStrategy[Node]:
    return st.lists(item, max_size=3).map(lambda items: Items(tuple(items)))


def _map(item: SearchStrategy[Node]) -> SearchStrategy[Node]:
    return st.lists(st.tuples(texts(6), item), max_size=3).map(lambda members: Pairs(tuple(members)))


def _object(shape: Mapping[str, SearchStrategy[Node]]) -> SearchStrategy[Node]:
    """Objects whose members mostly fit the shape; some do not, some are unknown, some stand twice."""
    fitting = st.sampled_from(sorted(shape)).flatmap(lambda key: st.tuples(st.just(key), shape[key]))
    wrong = st.tuples(st.sampled_from(sorted(shape)), st.one_of(st.sampled_from(_NUMBERS + _STRINGS), nodes()))
    unknown = st.tuples(st.sampled_from(_KEYS), nodes())
    member = st.one_of(fitting, fitting, fitting, fitting, wrong, unknown)
    return st.lists(member, max_size=len(shape) + 2).map(lambda members: Pairs(tuple(members)))


_PLATFORM: Final = _object(
    {"architecture": _text(), "os": _text(), "os.version": _text(), "os.features": _list(_text()), "variant": _text()}
)
_DESCRIPTOR: Final[dict[str, SearchStrategy[Node]]] = {
    **{name: _text() for name in ("mediaType", "digest", "data", "artifactType")},
    "size": _number(),
    "urls": _list(_text()),
    "annotations": _map(_text()),
    "platform": _PLATFORM,
}
_TARGET: Final[dict[str, SearchStrategy[Node]]] = {
    **_DESCRIPTOR,
    **{name: _text() for name in ("repository", "fromRepository", "url", "tag")},
    "length": _number(),
    "references": _list(_object(_DESCRIPTOR)),
}
_EVENT: Final[dict[str, SearchStrategy[Node]]] = {
    **{name: _text() for name in ("id", "timestamp", "action")},
    "target": _object(_TARGET),
    "request": _object({name: _text() for name in ("id", "addr", "host", "method", "useragent")}),
    "actor": _object({"name": _text(), "user_type": _text()}),
    "source": _object({"addr": _text(), "instanceID": _text()}),
}


def render(node: Node, *, indent: str | None, level: int = 0) -> str:
    """The node as JSON text: compact without an indent, else one member or item a line."""
    if isinstance(node, str):
        return node
    if isinstance(node, Items):
        opening, closing = "[]"
        parts = [render(item, indent=indent, level=level + 1) for item in node.items]
    else:
        opening, closing = "{}"
        colon = ":" if indent is None else ": "
        parts = [
            json.dumps(key, ensure_ascii=False) + colon + render(value, indent=indent, level=level + 1)
            for key, value in node.members
        ]
    if indent is None or not parts:
        return opening + ",".join(parts) + closing
    inside, outside = "\n" + indent * (level + 1), "\n" + indent * level
    return opening + inside + ("," + inside).join(parts) + outside + closing


def _rendered(node: Node) -> SearchStrategy[str]:
    indents = st.sampled_from([None, None, "", "   ", "\t", "\r\n "])
    return st.tuples(indents, st.sampled_from([0, 2])).map(lambda how: render(node, indent=how[0], level=how[1]))


def event_nodes() -> SearchStrategy[Node]:
    """Events as JSON objects: near what a registry sends, and far from it."""
    return _object(_EVENT)


def event_texts() -> SearchStrategy[str]:
    """JSON text of events, in several styles of white space."""
    return event_nodes().flatmap(_rendered)


def envelope_texts() -> SearchStrategy[str]:
    """Envelopes that must be taken: any number of events, other members beside them, perhaps of one name."""
    items = st.lists(event_nodes(), max_size=3).map(lambda found: ("events", Items(tuple(found))))
    other = st.tuples(st.sampled_from(["x", "Event", "", "events\u200b"]), nodes())
    members = st.tuples(st.lists(other, max_size=2), items, st.lists(other, max_size=2))
    envelopes = members.map(lambda found: Pairs((*found[0], found[1], *found[2])))
    return envelopes.flatmap(_rendered)


_TOKENS: Final = (
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        '"events"',
        '"\\u0065vents"',
        "null",
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "1.",
    ),
    *(
        '{"events":[',
        "]}",
        "{}",
        '"NaN"',
        "\ufeff",
        "\u00a0",
        "\x0b",
        "\x00",
        "\n",
        " ",
        "1",
        "-",
        '"a":',
        "'",
        "//",
        '"\t"',
        '"\\x"',
    ),
)


def hostile_bodies() -> SearchStrategy[bytes]:
    """Bodies that may or may not be envelopes: noise, JSON of other shapes, token salad, and damaged envelopes."""
    salad = st.lists(st.sampled_from(_TOKENS), max_size=12).map("".join)
    shapes = nodes().flatmap(_rendered)
    planted = st.tuples(event_texts(), st.sampled_from(_TOKENS)).map(lambda pair: f'{{"events":[{pair[0]}{pair[1]}]}}')
    inside = st.sampled_from(_TOKENS).map(lambda token: f'{{"events":[{{"x":{token}}}]}}')
    whole = st.one_of(envelope_texts(), salad, shapes, planted, inside).map(str.encode)
    return st.one_of(whole, st.binary(max_size=40), whole.flatmap(_damaged))


def _damaged(body: bytes) -> SearchStrategy[bytes]:
    """The body with one piece cut out and another put in its place."""
    at, length = st.integers(0, len(body)), st.integers(0, 3)
    piece = st.one_of(st.binary(max_size=3), st.sampled_from(_TOKENS).map(str.encode))
    return st.builds(lambda start, gone, new: body[:start] + new + body[start + gone :], at, length, piece)
