"""What is found in a file's lines: any lay-out of JSON, and how much damage costs."""

import io
import json
import re
from typing import Any

import pytest
from fastavro.write import Writer
from hypothesis import given
from hypothesis import strategies as st

from producer.publish.event_files import FoundEvents, RefusedText, events_of
from producer.publish.json_texts import json_texts
from schemas.avro import encode, read
from schemas.catalog import CATALOG, Release
from schemas.event import MEDIA_TYPE_V2, Event
from tests.kit.paths import EXAMPLES, FAULTS

BOM = b"\xef\xbb\xbf"

PLACE = {"kafka_topic": "t", "kafka_partition": 0, "kafka_offset": 0}
"""Where an exported event lay."""


def event(name: str) -> dict[str, Any]:
    """An event with this id."""
    return {"id": name, "action": "push", "target": {"repository": "library/app", "urls": ["a"]}}


def line(name: str) -> bytes:
    """A bare event on one line, without its end."""
    return json.dumps(event(name)).encode()


def pretty(*names: str) -> bytes:
    """An envelope over many lines."""
    return json.dumps({"events": [event(name) for name in names]}, indent=3).encode()


def found(content: bytes) -> tuple[list[str], list[tuple[int, str]]]:
    """Ids of the events, and line and reason of what is refused."""
    ids: list[str] = []
    refused: list[tuple[int, str]] = []
    for item in events_of(io.BytesIO(content), "file", content_type=MEDIA_TYPE_V2, registry=""):
        match item:
            case FoundEvents():
                ids += [one.id for one in item.events]
            case RefusedText():
                refused.append((item.position.line, item.reason))
    return ids, refused


@pytest.mark.parametrize(
    "content",
    [
        b"\n".join([line("a"), line("b"), line("c")]),
        b"\r\n\r\n".join([b"", line("a"), line("b"), line("c"), b" \t"]),
        b"".join([line("a"), line("b"), line("c")]),
        b"\r".join([line("a"), line("b"), line("c")]),
        pretty("a", "b", "c"),
        pretty("a", "b") + pretty("c"),
        b"\n\n" + pretty("a") + b"\n" + line("b") + b"\n" + pretty("c") + b"\n",
        pretty("a") + b" " + line("b") + line("c"),
        json.dumps({"events": [event("a"), event("b")]}).encode() + b"\n" + line("c"),
        BOM + line("a") + b"\n" + line("b") + b"\n" + line("c"),
        BOM + pretty("a") + b"\r\n" + BOM + pretty("b", "c"),
        b'{"events":\n' + json.dumps([event("a"), event("b"), event("c")]).encode() + b"\n}",
        b'{"events": [\n' + b",\n".join([line("a"), line("b"), line("c")]) + b"\n]}",
    ],
)
def test_any_layout_of_json_is_read(content: bytes) -> None:
    """One per line, over many lines, one after another, mixed; blank lines, any line end, byte order marks."""
    assert (["a", "b", "c"], []) == found(content)


PIECES = st.sampled_from(
    [
        *(b'{"id":"a"}', b'{"events":[', b'{"a":', b'{"a":{', b"]}", b"}", b"[", b"]", b",", b"x", b'"', b"\xff", b" "),
        *(b"{", b'"a":1', b'"id":"b"', b"\n", b"\n", b"\n", b"\r\n"),
    ]
)


@given(st.lists(PIECES, max_size=25))
def test_nothing_of_a_file_is_passed_over(pieces: list[bytes]) -> None:
    """Whatever the lines hold, all of it but white space is in one of the texts, in order, with its own lines."""
    lines = io.BytesIO(b"".join(pieces)).readlines()
    texts = list(json_texts(lines))
    assert b"".join(b"".join(lines).split()) == b"".join(b"".join(text.content for text in texts).split())
    for text in texts:
        own = b"".join(lines[text.first_line - 1 : text.first_line - 1 + text.lines])
        assert text.content.strip() in own
    assert [text.first_line for text in texts] == sorted(text.first_line for text in texts)


def test_file_whose_first_line_was_cut() -> None:
    """A log cut by rotation: the first line is refused by name, the whole ones behind it are taken."""
    ids, refused = found((FAULTS / "cut-first-line.ndjson").read_bytes())
    assert [f"00000000-0000-7000-8000-{number:012}" for number in range(2, 7)] == ids
    assert [1] == [number for number, _ in refused]
    assert refused[0][1].startswith("line 1 column 1: not JSON")


CUTS = [
    *(line("x")[at:] for at in (1, 8, 30)),
    *(line("x")[:at] for at in range(1, len(line("x")))),
    b"\x00\x01",
    b"\xff\xfe",
    b"not json",
    b'{"events": 7}',
    b'{"neither": 1}',
]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("at", range(4))
def test_damage_of_a_line_costs_that_line_alone(cut: bytes, at: int) -> None:
    """Wherever a line is cut, and wherever it stands: it is refused by its number, all others are taken."""
    lines = [line("a"), line("b"), line("c")]
    lines.insert(at, cut)
    ids, refused = found(b"\n".join(lines) + b"\n")
    if at == 0 and cut == b"\xff\xfe":  # to all who see it, this file is UTF-16
        return
    assert (["a", "b", "c"], [at + 1]) == (ids, [number for number, _ in refused])


def test_damage_within_a_text_of_many_lines_costs_that_text() -> None:
    """An envelope over many lines that breaks off is named with its lines, and the next one is taken."""
    broken = pretty("a", "b").replace(b'"b"', b'"b')
    ids, refused = found(broken + b"\n" + pretty("c") + b"\n" + line("d"))
    lines = broken.split(b"\n")
    at = lines.index(b'         "id": "b,') + 1
    assert ["c", "d"] == ids
    assert [(1, f"lines 1 to {len(lines)}: line {at} column 19: not JSON: Invalid control character at")] == refused


def test_text_that_never_ends_is_named() -> None:
    """A file that ends in the middle of an envelope says so; the whole events before it are taken."""
    ids, refused = found(line("a") + b"\n" + pretty("b")[:-4])
    assert (["a"], 1, 2) == (ids, len(refused), refused[0][0])
    assert refused[0][1].startswith("lines 2 to ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (line("a").decode().encode("utf-16"), "UTF-16"),
        (line("a").decode().encode("utf-16-be"), "UTF-16"),
        (line("a").decode().encode("utf-32"), "UTF-32"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PAR1\x15\x04", "Parquet"),
        (json.dumps([event("a")]).encode(), "a list; publish its items"),
        (json.dumps([event("a")], indent=1).encode(), "a list; publish its items"),
    ],
)
def test_what_is_of_another_kind_is_named_once(content: bytes, says: str) -> None:
    """A file of another kind is one refusal that says what to do, not one for each of its lines."""
    ids, [(number, reason)] = found(content + b"\n" + content if content.startswith(b"PAR1") else content)
    assert ([], 1) == (ids, number)
    assert says in reason


@pytest.mark.parametrize("file", ["events.jsonl", "events-2.8.jsonl"])
def test_the_examples_are_events(file: str) -> None:
    """The files that the command's help names hold events and nothing else."""
    content = (EXAMPLES / file).read_bytes()
    ids, refused = found(content)
    assert (content.count(b"\n"), []) == (len(ids), refused)


def exported(*ids: str, codec: str = "null", release: Release = CATALOG.latest) -> bytes:
    """An Avro export with a block for each event, made when this was the latest release."""
    schema = {
        "type": "record",
        "name": "ExportedRecord",
        "fields": [
            {"name": "offset", "type": "long"},
            {"name": "event", "type": ["null", json.loads(release.text)]},
        ],
    }
    file = io.BytesIO()
    writer = Writer(file, schema, codec=codec)
    for number, one in enumerate(ids):
        record = read(encode(Event(id=one)), CATALOG.latest)
        writer.write({"offset": number, "event": record})
        writer.flush()
    return file.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_an_avro_export_is_read(codec: str) -> None:
    """Its events, whatever it is compressed with."""
    assert (["aaaaaaaa", "bbbbbbbb"], []) == found(exported("aaaaaaaa", "bbbbbbbb", codec=codec))


@pytest.mark.parametrize("release", CATALOG.releases)
def test_an_avro_export_of_any_release_is_read(release: Release) -> None:
    """An archive can be published after upgrades, whatever its events did not have yet."""
    assert (["aaaaaaaa"], []) == found(exported("aaaaaaaa", release=release))


@pytest.mark.parametrize(
    ("member", "says"),
    [
        ({"source_format": 7}, "source_format: must be text or null, not 7"),
        ({"source_body": ["x"]}, 'source_body: must be text or null, not ["x"]'),
        ({"source_headers": "x"}, 'source_headers: must be an object of texts or null, not "x"'),
        ({"source_headers": {"a": 1}}, 'source_headers: must be an object of texts or null, not {"a": 1}'),
    ],
)
@pytest.mark.parametrize("own", [{}, {"original": '{"id": "b"}'}])
def test_what_a_source_sent_must_be_texts(member: dict[str, Any], says: str, own: dict[str, Any]) -> None:
    """A line of an export that was changed by hand is refused with the member that is wrong; the next is taken."""
    lines = [
        json.dumps({**PLACE, "event": event(name), **more}).encode()
        for name, more in (("b", {**own, **member}), ("c", {}))
    ]
    ids, [(number, reason)] = found(b"\n".join(lines))
    assert (["c"], 1) == (ids, number)
    assert says in reason


HALF = "\ud800"
"""Half of a surrogate pair: JSON can hold it as an escape, UTF-8 cannot."""


@pytest.mark.parametrize("name", ["registry", "content_type", "original", "source_body", "source_headers"])
def test_half_of_a_surrogate_pair_beside_an_exported_event_is_refused(name: str) -> None:
    """It is no character, so that no record could hold it; the member is named, and the next line is taken."""
    member = {HALF: "a"} if name == "source_headers" else HALF
    lines = [json.dumps({**PLACE, "event": event("b"), name: member}).encode(), line("c")]
    says = f"{name}: contains half of a surrogate pair, which is not a character"
    assert (["c"], [(1, says)]) == found(b"\n".join(lines))


def test_half_of_a_surrogate_pair_in_an_event_is_kept() -> None:
    """In a line of an export as in a bare event: it stays in the event's own text."""
    odd = {**event("a"), "more": HALF}
    exported_line = json.dumps({**PLACE, "event": odd}).encode()
    [item] = events_of([exported_line], "f", content_type=MEDIA_TYPE_V2, registry="")
    assert isinstance(item, FoundEvents)
    assert [json.dumps(odd)] == [one.original for one in item.events]


@pytest.mark.parametrize("extra", [{}, PLACE])
def test_an_integer_of_any_length_is_read(extra: dict[str, Any]) -> None:
    """Python itself refuses to convert one of more than 4,300 digits."""
    one = b'{"id": "a", "more": ' + b"9" * 5_000 + b"}"
    content = json.dumps(extra).encode()[:-1] + b', "event": ' + one + b"}" if extra else one
    assert (["a"], []) == found(content)


def test_damage_in_an_avro_block_costs_what_is_behind_it_in_the_block() -> None:
    """A record that cannot be read is named with its number; the blocks behind it are read."""
    content = exported("aaaaaaaa", "bbbbbbbb", "cccccccc")
    ids, [(number, reason)] = found(content.replace(b"bbbbbbbb", b"bbbb\xffbbb"))
    assert (["aaaaaaaa", "cccccccc"], 2) == (ids, number)
    assert re.fullmatch(r"damaged Avro file \(UnicodeDecodeError: .+\): records 2 to 2 cannot be read", reason)


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_cut_avro_file_says_from_where_on_nothing_was_taken(codec: str) -> None:
    """After damage to the file's frame nothing more can be found, and that is said once."""
    content = exported("aaaaaaaa", "bbbbbbbb", "cccccccc", codec=codec)
    ids, [(number, reason)] = found(content[:-20])
    assert (["aaaaaaaa", "bbbbbbbb"], 3) == (ids, number)
    assert reason.endswith("no record from number 3 on can be read")


def test_avro_file_of_others_is_refused() -> None:
    """A container file with a damaged head, or with other records, is refused and no fault of ours."""
    assert [(1, "damaged Avro file")] == [(line, reason[:17]) for line, reason in found(b"Obj\x01 and more")[1]]
    writer = Writer(file := io.BytesIO(), "string")
    writer.write("x")
    writer.flush()
    assert [(1, "an Avro file, but not one that `registry-worker export` wrote")] == found(file.getvalue())[1]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", "x"),
        (["null", "long"], 7),
        ({"type": "record", "name": "Event", "fields": [{"name": "id", "type": "long"}]}, {"id": 7}),
    ],
)
def test_avro_records_of_others_are_refused_one_by_one(kind: Any, value: Any) -> None:
    """A record that has our members with values of another schema is named by its number, and so is the next."""
    fields = [{"name": "offset", "type": "long"}, {"name": "event", "type": kind}]
    writer = Writer(file := io.BytesIO(), {"type": "record", "name": "Other", "fields": fields})
    for number in range(2):
        writer.write({"offset": number, "event": value})
    writer.flush()
    ids, refused = found(file.getvalue())
    assert ([], [1, 2]) == (ids, [number for number, _ in refused])
    assert {"not an event of the bridge's schema"} == {reason.partition(" (")[0] for _, reason in refused}
