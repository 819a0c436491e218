"""docs/bridge.schema.json: made from the readers, held to them in both directions as far as a schema can say it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from runtime.config import ConfigurationError
from runtime.config.json_schema import json_schema
from runtime.config.load import settings_from
from tests.kit.config_schema import FILE, described_schema, node_of, text_of
from tests.kit.configuration_page import documented_keys
from tests.kit.paths import ROOT

SCHEMA: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)
ENVIRON = {"X": "x"}
KAFKA = {"bootstrap.servers": "a:1"}
ENDPOINT = {"name": "e", "url": "http://x/"}
SOURCE = {"name": "s", "format": "acr"}
HMAC = {"header": "x-signature", "secret": "s"}
BESIDE: Mapping[str, dict[str, Any]] = {
    "schema_registry": {"url": "http://x"},
    "endpoints[]": ENDPOINT,
    "intake.sources[]": SOURCE,
    "intake.sources[].hmac": HMAC,
}
"""What a key stands beside, by the section."""

VALUES: list[Any] = [
    *(None, True, False, 0, 1, 3, -1, 64, 404, 600, 1024, 10**9, 0.5, 1.5, -2.5),
    *(
        "",
        " ",
        "a",
        "A b",
        "a/b",
        "!",
        "!a",
        "x" * 101,
        "ü",
        "a:1",
        "a:1,b:2",
        ":1",
        "127.0.0.1:5051",
        "/events",
        "events/",
    ),
    *(
        "none",
        "auto",
        "new",
        "-24h",
        "24h",
        "beginning",
        "2026-01-31T12:00:00Z",
        "classic",
        "repository",
        "registry-v1",
    ),
    *("1s", "1h2m3.5s", "500ms", "30d", "10", "0", "-1s", "1 s", "8MiB", "8 MiB", "8MB", "1024"),
    *(
        "http://x",
        "HTTPS://x/y?z=1",
        "ftp://x",
        "http://",
        "x.example.com",
        "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
    ),
    *("$", "$$", "${X}", "${X:-1s}", "${X:-http://x}", "${", "Bearer x", " Bearer x", "true", "yes", "push", "HEAD"),
    *([], ["a"], ["EU"], [404], [302], ["a", ""], [None], [[]], ["push", 1], ["whsec_x"], ["http://x"]),
    *(
        {},
        {"a": "b"},
        {"a": ["b", "c"]},
        {"a b": "c"},
        {"a": None},
        {"a": {"b": "c"}},
        {"Host": "x"},
        {"max_events": 2},
    ),
]
BEYOND_A_SCHEMA = (
    "is not from ",  # bounds of a text with a unit
    "cannot be read: ",  # files
    "is less than backoff; ",
    "has a query; ",
    "can be reached from other machines; ",
    "is an empty list; ",
    "is not sent by format ",  # a key needs another's value
    "is not a signing secret: ",  # what is one is the scheme's
    "has no header of its own; ",
    "none must be the only value",
    "none is not a header's value; ",
    "has a port that is not ",
    "has a protocol other than ",
    "names another protocol than ",
    "must be a header's value, ",
)
"""Of faults that only the reader finds, what they say."""


def leaves(path: str, node: Mapping[str, Any]) -> Iterator[str]:
    """Every key of the schema as the page writes it, sections included."""
    for key, member in node.get("properties", {}).items():
        below = f"{path}.{key}" if path else key
        inner = member.get("items", {})
        is_list = "properties" in inner
        below = f"{below}[]" if is_list else below
        yield below
        yield from leaves(below, inner if is_list else member)


KEYS = sorted(set(leaves("", SCHEMA)))


def file_with(key: str, value: Any) -> dict[str, Any]:
    """The least file in which this key has this value."""
    section, _, rest = key.partition(".")
    if section == "kafka":
        return {"kafka": KAFKA | {rest: value} if rest else value}
    return {"kafka": KAFKA, **nested("", key, value)}


def nested(path: str, key: str, value: Any) -> dict[str, Any]:
    """The mapping at `path` in which this key has this value, beside what must stand there."""
    name, _, rest = key.partition(".")
    at = f"{path}.{name}" if path else name
    inner = nested(at, rest, value) if rest else value
    return BESIDE.get(path, {}) | {name.removesuffix("[]"): [inner] if rest and name.endswith("[]") else inner}


def faults(file: Mapping[str, Any]) -> tuple[str, ...]:
    """What the reader says."""
    try:
        settings_from(file, ENVIRON)
    except ConfigurationError as error:
        return error.faults
    return ()


def test_the_file_is_current() -> None:
    """After a change of a reader or of the page: `make schema`."""
    assert FILE.read_text("utf-8") == text_of(described_schema())


def test_it_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft7Validator.check_schema(SCHEMA)


def test_every_key_is_there_with_its_words_and_default() -> None:
    """As docs/configuration.md has them, which is held to the reader elsewhere; and no key that the page has not."""
    for key, row in documented_keys().items():
        node = node_of(SCHEMA, key)
        assert node["description"] == row.plain
        assert ("default" in node) == row.has_default
        assert node.get("default") == (row.value if row.has_default else None)
    documented = set(documented_keys())
    sections = {key for key in KEYS if any(other.startswith(f"{key}.") for other in documented)}
    assert set(KEYS) - sections - {"kafka.group.protocol"} == documented


@pytest.mark.parametrize("key", KEYS)
def test_what_the_reader_takes_the_schema_takes(key: str) -> None:
    """Values of every kind at every key: an editor never marks what works."""
    taken = [value for value in VALUES if not faults(file_with(key, value))]
    marked = [value for value in taken if not VALIDATOR.is_valid(file_with(key, value))]
    assert marked == []


@pytest.mark.parametrize("key", KEYS)
def test_what_the_schema_takes_the_reader_takes(key: str) -> None:
    """But for references, whose values it cannot know, and for `BEYOND_A_SCHEMA`."""
    for value in VALUES:
        if "$" in str(value) or not VALIDATOR.is_valid(file_with(key, value)):
            continue
        said = faults(file_with(key, value))
        unknowable = any(word in line for line in said for word in BEYOND_A_SCHEMA)
        assert not said or unknowable, f"{value!r}: {said}"


@pytest.mark.parametrize(
    "file",
    [
        yaml.safe_load((ROOT / "bridge.example.yaml").read_text("utf-8")),
        {"kafka": KAFKA, "endpoints": [{"name": "off", "disabled": True}]},
        {"kafka": KAFKA, "endpoints": [{"name": "off", "disabled": True, "url": ""}]},
    ],
)
def test_good_files_are_valid(file: Mapping[str, Any]) -> None:
    """The example, references and all, and endpoints as registries have them."""
    assert [error.message for error in VALIDATOR.iter_errors(file)] == []


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"kafka": {}},
        {"kafka": KAFKA, "notifications": {}},
        {"kafka": KAFKA | {"acks": "1"}},
        {"kafka": KAFKA, "endpoints": [{"name": "a"}]},
        {"kafka": KAFKA, "endpoints": [{"url": "http://x"}]},
        {"kafka": KAFKA, "endpoints": [ENDPOINT | {"timeout": 5}]},
        {"kafka": KAFKA, "endpoints": [ENDPOINT | {"maxretries": 5}]},
    ],
)
def test_bad_files_are_marked(file: Mapping[str, Any]) -> None:
    """What people get wrong most, while they write it."""
    assert not VALIDATOR.is_valid(file)
    assert faults(file)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), min_size=1, max_size=6))
def test_whole_files_agree(chosen: list[tuple[str, Any]]) -> None:
    """Several keys at once: what the reader takes as a whole, the schema takes as a whole."""
    file: dict[str, Any] = {}
    for key, value in chosen:
        for section, content in file_with(key, value).items():
            have = file.get(section)
            file[section] = have | content if isinstance(have, dict) and isinstance(content, dict) else content
    if not faults(file):
        assert VALIDATOR.is_valid(file)


def test_a_reader_without_a_shape_is_found() -> None:
    """A new key whose reader says nothing of itself stops the schema from being made."""
    with pytest.raises(ValueError, match="is no reader of a section and has no shape"):
        json_schema(lambda value: value.node)
