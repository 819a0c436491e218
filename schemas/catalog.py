"""The released schemas: each `.avsc` beside this file, with its pinned id and fingerprint from `index.json`.

A released file never changes, and its id is pinned in git, so neither side needs a schema registry at run time.
Ids are `0x52450000 + release` of events, `0x52460000 + release` of attempts and `0x52470000 + release` of tags, clear
of the small numbers that schema registries hand out.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pkgutil import get_data
from typing import Any, Final, cast

from fastavro.schema import SchemaParseException, UnknownType, fingerprint, parse_schema, to_parsing_canonical_form

FIRST_ID: Final = 0x52450000
FIRST_ATTEMPT_ID: Final = 0x52460000
FIRST_TAG_ID: Final = 0x52470000
LARGEST_ID: Final = 2**31 - 1
"""Of any schema: registries number them with a signed int."""
_PINNED: Final = range(FIRST_ID, FIRST_ID + 0x10000)


@dataclass(frozen=True)
class Release:
    """One released version of a schema."""

    version: int
    id: int
    fingerprint: str
    """CRC-64-AVRO of the parsing canonical form, 16 hex digits in the byte order of Avro's single-object encoding."""
    text: str
    """The `.avsc` file as released, documentation included."""

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema, parsed by fastavro."""
        return cast("dict[str, Any]", parse_schema(json.loads(self.text)))


class Catalog:
    """Releases by version, id and fingerprint."""

    def __init__(self, releases: tuple[Release, ...]) -> None:
        self.releases: Final = releases
        self.latest: Final = releases[-1]
        self._by_id = {release.id: release for release in releases}
        self._by_fingerprint = {release.fingerprint: release for release in releases}

    def by_id(self, schema_id: int) -> Release | None:
        """The release with this pinned id, if this version of the bridge knows it."""
        return self._by_id.get(schema_id)

    def by_fingerprint(self, text: str) -> Release | None:
        """The release with this fingerprint, if this version of the bridge knows it."""
        return self._by_fingerprint.get(text)


def is_pinned(schema_id: int) -> bool:
    """Whether the id lies in our range for events, so that no schema registry has given it out."""
    return schema_id in _PINNED


def fingerprint_of(schema: dict[str, Any]) -> str:
    """CRC-64-AVRO of the schema's parsing canonical form (Avro 1.12 specification), as 16 hex digits."""
    return fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")


def event_fingerprint(text: str) -> str | None:
    """The fingerprint of a schema that somebody else keeps; None if it is no Avro schema, or not that of an event."""
    try:
        schema = parse_schema(json.loads(text))
        if not isinstance(schema, dict) or schema.get("name") != CATALOG.latest.schema["name"]:
            return None
        return fingerprint_of(schema)
    except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _released(of: str) -> Catalog:
    index = json.loads(_packaged("index.json"))
    return Catalog(
        tuple(
            Release(
                version=entry["version"],
                id=entry["id"],
                fingerprint=entry["fingerprint"],
                text=_packaged(entry["file"]),
            )
            for entry in index[of]
        )
    )


def _packaged(name: str) -> str:
    text = get_data("schemas", name)  # importlib.resources would load the threads of zipfile's readers
    if text is None:
        raise FileNotFoundError(name)
    return text.decode("utf-8")


CATALOG: Final = _released("releases")
"""Of events."""
ATTEMPTS: Final = _released("attempts")
TAGS: Final = _released("tags")
