"""Every released schema is readable by every other, for ever; and the check that says so can fail.

The rules are FULL_TRANSITIVE compatibility and ours: a doc on everything, nullable scalars whose
default is null, ids pinned beside the files, and files that never change once released.
"""

import copy
import io
import itertools
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib import resources
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException, parse_schema

from schemas.catalog import ATTEMPTS, CATALOG, TAGS, Catalog, fingerprint_of, is_pinned

_RELEASED = {
    1: "ae17b72bd1c0149d94d964702fe7b92da975409a681f0e3b9d1ec5165295d261",
    2: "942b0a97d498994dfa38ea0b6786763d1137ec6bf7a2b3c15ebd25abee2e9529",
}
"""SHA-256 of each released file: a release adds a line here, and no line ever changes."""

_RELEASED_ATTEMPTS = {1: "449bdab7427df75226b56a25b76696225f99fbda74ddf616bad51b1892355dc1"}

_RELEASED_TAGS = {1: "0c2ea6492a44e27fcddfde12022f6b77f03a62b06db6f8a1f48d9178d2258ccd"}

_FOLDER = resources.files("schemas")
_ALL = json.loads((_FOLDER / "index.json").read_text("utf-8"))
_INDEX = _ALL["releases"]
_ATTEMPTS = _ALL["attempts"]
_TAGS = _ALL["tags"]
_FILES = [json.loads((_FOLDER / entry["file"]).read_text("utf-8")) for entry in _INDEX]

_EMPTY_CRC = 0xC15D213AA4D7A795


def _crc_64_avro(text: bytes) -> int:
    """The Rabin fingerprint, from the Avro specification's own pseudo-code ("Schema Fingerprints")."""
    table = []
    for byte in range(256):
        fp = byte
        for _ in range(8):
            fp = (fp >> 1) ^ (_EMPTY_CRC & -(fp & 1))
        table.append(fp)
    fp = _EMPTY_CRC
    for byte in text:
        fp = (fp >> 8) ^ table[(fp ^ byte) & 0xFF]
    return fp


def _canonical(schema: Any, namespace: str = "") -> str:
    """Parsing canonical form: the specification's rules, as far as our schemas need them."""
    if isinstance(schema, list):
        return "[" + ",".join(_canonical(branch, namespace) for branch in schema) + "]"
    if isinstance(schema, str):
        known = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
        return json.dumps(schema if schema in known or "." in schema or not namespace else f"{namespace}.{schema}")
    kind = schema["type"]
    if kind == "record":
        namespace = schema.get("namespace", namespace)
        fields = ",".join(
            f'{{"name":{json.dumps(field["name"])},"type":{_canonical(field["type"], namespace)}}}'
            for field in schema["fields"]
        )
        return f'{{"name":{json.dumps(namespace + "." + schema["name"])},"type":"record","fields":[{fields}]}}'
    inner = {"array": "items", "map": "values"}.get(kind)
    return (
        f'{{"type":"{kind}","{inner}":{_canonical(schema[inner], namespace)}}}'
        if inner
        else _canonical(kind, namespace)
    )


def _records(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _records(branch)
    elif isinstance(schema, dict):
        if schema["type"] == "record":
            yield schema
        for inner in (
            schema.get("items"),
            schema.get("values"),
            *(field["type"] for field in schema.get("fields", ())),
        ):
            yield from _records(inner)


def _rules_broken(schema: Any) -> list[str]:
    """Where a schema breaks our own rules."""
    broken = []
    for record in _records(schema):
        broken += [] if record.get("doc") else [f"{record['name']}: no doc"]
        for field in record["fields"]:
            place, kind = f"{record['name']}.{field['name']}", field["type"]
            broken += [] if field.get("doc") else [f"{place}: no doc"]
            broken += [] if "default" in field else [f"{place}: no default"]
            if isinstance(kind, list):
                nullable = len(kind) == 2 and kind[0] == "null" and field.get("default", 0) is None
                broken += [] if nullable else [f"{place}: a nullable is [null, T] with default null"]
            elif isinstance(kind, str) or kind["type"] not in ("record", "array", "map"):
                broken.append(f"{place}: a scalar is nullable")
    return broken


def _full(schema: Any, named: dict[str, Any]) -> Any:
    """A value of the schema in which every member is set."""
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    if isinstance(schema, list):
        return _full(schema[-1], named)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record":
        return {field["name"]: _full(field["type"], named) for field in schema["fields"]}
    if kind == "array":
        return [_full(schema["items"], named)]
    if kind == "map":
        return {"k": _full(schema["values"], named)}
    return {"string": "text", "long": 7, "null": None, "int": 7, "boolean": True, "double": 1.5, "bytes": b"b"}[kind]


def _unreadable(writer: Any, reader: Any) -> list[str]:
    """Why data of `writer` cannot be read with `reader`, by Avro's own resolution: nothing set, and everything set."""
    try:
        parsed_writer, parsed_reader = (parse_schema(copy.deepcopy(schema)) for schema in (writer, reader))
    except SchemaParseException as error:
        return [str(error)]
    named = {record["name"]: record for record in _records(parsed_writer)}
    records: list[Any] = [{}, _full(parsed_writer, named)]
    reasons = []
    for record in records:
        stream = io.BytesIO()
        try:
            schemaless_writer(stream, parsed_writer, record)
            stream.seek(0)
            schemaless_reader(stream, parsed_writer, parsed_reader)
        except Exception as error:  # noqa: BLE001 - fastavro raises many kinds, and each is a reason
            reasons.append(f"{type(error).__name__} {error}")
    return reasons


_PAIRS = [
    pytest.param(writer, reader, id=f"v{writer_entry['version']}-read-as-v{reader_entry['version']}")
    for (writer_entry, writer), (reader_entry, reader) in itertools.product(zip(_INDEX, _FILES, strict=True), repeat=2)
]


@pytest.mark.parametrize(("writer", "reader"), _PAIRS)
def test_every_release_reads_every_other(writer: Any, reader: Any) -> None:
    """What one release wrote, with everything set or nothing, any release reads."""
    assert _unreadable(writer, reader) == []


@pytest.mark.parametrize("schema", _FILES, ids=[entry["file"] for entry in _INDEX])
def test_release_keeps_our_rules(schema: Any) -> None:
    """Docs everywhere, scalars nullable with null first and as default, everything with a default."""
    assert _rules_broken(schema) == []
    assert (schema["namespace"], schema["name"]) == ("registry.notifications", "Event")


@pytest.mark.parametrize("entry", _INDEX, ids=lambda entry: entry["file"])
def test_index_is_pinned_to_the_files(entry: dict[str, Any]) -> None:
    """A release has its number, its file, the id that follows from the number, and the fingerprint of the file."""
    text = (_FOLDER / entry["file"]).read_bytes()
    crc = _crc_64_avro(_canonical(json.loads(text)).encode())
    assert (f"event.v{entry['version']}.avsc", 0x52450000 + entry["version"]) == (entry["file"], entry["id"])
    assert crc.to_bytes(8, "little").hex() == entry["fingerprint"]
    assert _RELEASED[entry["version"]] == sha256(text).hexdigest()


def test_index_names_every_schema_once_and_in_order() -> None:
    """Releases count from 1 without a gap, and no schema file stands beside the index unlisted."""
    assert list(range(1, len(_INDEX) + 1)) == [entry["version"] for entry in _INDEX]
    found = sorted(file.name for file in _FOLDER.iterdir() if file.name.endswith(".avsc"))
    assert sorted(entry["file"] for entry in (*_INDEX, *_ATTEMPTS, *_TAGS)) == found
    assert set(_RELEASED) == {entry["version"] for entry in _INDEX}


def test_catalog_is_the_index() -> None:
    """The catalog finds each release by id and fingerprint, holds its file as it is, and nothing else."""
    assert [entry["version"] for entry in _INDEX] == [release.version for release in CATALOG.releases]
    for entry, release in zip(_INDEX, CATALOG.releases, strict=True):
        assert release is CATALOG.by_id(entry["id"])
        assert release is CATALOG.by_fingerprint(entry["fingerprint"])
        assert (_FOLDER / entry["file"]).read_text("utf-8") == release.text
        assert entry["fingerprint"] == fingerprint_of(release.schema)
    assert CATALOG.releases[-1] is CATALOG.latest
    assert (CATALOG.by_id(1), CATALOG.by_fingerprint("")) == (None, None)


def test_pinned_ids_are_ours_alone() -> None:
    """Our range begins where no schema registry counts to, and has an end."""
    assert [is_pinned(i) for i in (0x5244FFFF, 0x52450001, 0x5245FFFF, 0x52460000)] == [False, True, True, False]


def _field(schema: Any, record: str, name: str) -> Any:
    owner = next(found for found in _records(schema) if found["name"] == record)
    return next(field for field in owner["fields"] if field["name"] == name)


def _changed(change: Callable[[Any], object]) -> Any:
    schema = copy.deepcopy(_FILES[-1])
    change(schema)
    return schema


_INCOMPATIBLE: dict[str, Callable[[Any], object]] = {
    "new field without default": lambda s: s["fields"].append({"name": "new", "type": "string", "doc": "d"}),
    "text becomes a number": lambda s: _field(s, "Event", "action").update(type=["null", "long"]),
    "nullable becomes required": lambda s: _field(s, "Event", "id").update(type="string"),
    "map becomes a list": lambda s: _field(s, "Target", "annotations").update(
        type={"type": "array", "items": "string"}
    ),
    "field renamed without default": lambda s: [
        _field(s, "Descriptor", "digest").pop("default"),
        _field(s, "Descriptor", "digest").update(name="hash"),
    ],
    "record renamed": lambda s: _field(s, "Event", "actor")["type"].update(name="Actor"),
    "type changed deep inside": lambda s: _field(s, "Descriptor", "size").update(type=["null", "string"]),
}
_COMPATIBLE: dict[str, Callable[[Any], object]] = {
    "new nullable field": lambda s: s["fields"].append(
        {"name": "new", "type": ["null", "string"], "default": None, "doc": "d"}
    ),
    "field with default removed": lambda s: s["fields"].pop(0),
    "new list": lambda s: _field(s, "Target", "references")["type"]["items"]["fields"].append(
        {"name": "new", "type": {"type": "array", "items": "string"}, "default": [], "doc": "d"}
    ),
    "doc reworded": lambda s: s.update(doc="other words"),
}
_RULE_BREAKING: dict[str, tuple[Callable[[Any], object], str]] = {
    "no doc on a field": (lambda s: _field(s, "Target", "size").pop("doc"), "Target.size: no doc"),
    "no doc on a record": (lambda s: _field(s, "Event", "source")["type"].pop("doc"), "SourceRecord: no doc"),
    "default removed": (lambda s: _field(s, "Target", "urls").pop("default"), "Target.urls: no default"),
    "null last": (
        lambda s: _field(s, "Event", "id").update(type=["string", "null"], default=""),
        "Event.id: a nullable is [null, T] with default null",
    ),
    "required scalar": (
        lambda s: _field(s, "Event", "id").update(type="string", default=""),
        "Event.id: a scalar is nullable",
    ),
}


@pytest.mark.parametrize("change", _INCOMPATIBLE.values(), ids=_INCOMPATIBLE.keys())
def test_incompatible_change_is_caught(change: Callable[[Any], object]) -> None:
    """A change that breaks a reader in either direction is seen."""
    changed = _changed(change)
    assert _unreadable(_FILES[-1], changed) + _unreadable(changed, _FILES[-1])


@pytest.mark.parametrize("change", _COMPATIBLE.values(), ids=_COMPATIBLE.keys())
def test_compatible_change_is_let_through(change: Callable[[Any], object]) -> None:
    """What old and new readers can both live with is no fault."""
    changed = _changed(change)
    assert _unreadable(_FILES[-1], changed) + _unreadable(changed, _FILES[-1]) + _rules_broken(changed) == []


@pytest.mark.parametrize(("change", "expected"), _RULE_BREAKING.values(), ids=_RULE_BREAKING.keys())
def test_broken_rule_is_caught(change: Callable[[Any], object], expected: str) -> None:
    """A schema that breaks one of our rules is named with the place."""
    assert [expected] == _rules_broken(_changed(change))


@pytest.mark.parametrize(
    ("schema", "crc"), [('"null"', 0x63DD24E7CC258F8A), ('"int"', 0x7275D51A3F395C8F), ('"string"', 0x8F014872634503C7)]
)
def test_own_crc_is_the_specifications(schema: str, crc: int) -> None:
    """The fingerprint that the tests compare with is Avro's: its published vectors."""
    assert crc == _crc_64_avro(schema.encode())


def test_fingerprint_is_of_the_structure() -> None:
    """A renamed field gives another fingerprint, a reworded doc does not."""
    reworded = _changed(lambda schema: schema.update(doc="other words"))
    renamed = _changed(lambda schema: _field(schema, "Event", "id").update(name="id2"))
    assert CATALOG.latest.fingerprint == fingerprint_of(reworded)
    assert CATALOG.latest.fingerprint != fingerprint_of(renamed)


@pytest.mark.parametrize("entry", _ATTEMPTS, ids=lambda entry: entry["file"])
def test_releases_of_attempts_are_pinned_too(entry: dict[str, Any]) -> None:
    """Number, file, id and fingerprint; every field has a doc; the ids are clear of those of events."""
    _assert_pinned(entry, ATTEMPTS, _RELEASED_ATTEMPTS, file="attempt", first=0x52460000, name="Attempt")


@pytest.mark.parametrize("entry", _TAGS, ids=lambda entry: entry["file"])
def test_releases_of_tags_are_pinned_too(entry: dict[str, Any]) -> None:
    """Likewise; and each reads what every other wrote, as the topic keeps rows of all releases for ever."""
    _assert_pinned(entry, TAGS, _RELEASED_TAGS, file="tag", first=0x52470000, name="TagState")
    for other in TAGS.releases:
        written = io.BytesIO()
        schemaless_writer(written, other.schema, {"kind": "position", "offset": 7})
        written.seek(0)
        read = schemaless_reader(written, other.schema, TAGS.releases[entry["version"] - 1].schema)
        assert ("position", 7) == (read["kind"], read["offset"])  # type: ignore[index, call-overload]


def _assert_pinned(
    entry: dict[str, Any], catalog: Catalog, released: dict[int, str], *, file: str, first: int, name: str
) -> None:
    text = (_FOLDER / entry["file"]).read_bytes()
    schema = json.loads(text)
    crc = _crc_64_avro(_canonical(schema).encode())
    assert (f"{file}.v{entry['version']}.avsc", first + entry["version"]) == (entry["file"], entry["id"])
    assert crc.to_bytes(8, "little").hex() == entry["fingerprint"]
    assert released[entry["version"]] == sha256(text).hexdigest()
    assert (schema["namespace"], schema["name"]) == ("registry.notifications", name)
    assert all(field["doc"] for field in schema["fields"])
    assert not is_pinned(entry["id"])
    assert catalog.by_id(entry["id"]) is catalog.by_fingerprint(entry["fingerprint"])
