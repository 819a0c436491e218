"""A column as an expression of SQL, by the rules of `schemas.columns`: what the dialects have in common. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from producer.views.columns import REFERENCE, Given, ItemCount, Kind, MemberAt, References, ViewColumn, WithoutPort
from producer.views.members import INT, LONG, TEXT, TIME, ListOf, MapOf, MemberType, RecordType, ScalarType
from schemas.columns import BLOB_URL, INDEX_TYPES, MANIFEST_TYPES, TAGGED_ACTIONS

_NUMBERS: Final = (INT, LONG)


class Dialect(Protocol):
    """How one engine says it."""

    def name(self, name: str) -> str:
        """A column's name, quoted."""

    def given(self, name: str) -> str:
        """What the engine knows of the record; `name` is the column's."""

    def member(self, path: str) -> str:
        """The member at a path."""

    def time(self, member: str) -> str:
        """A member that is a time; null if it is outside of the years that the engine and the export know."""

    def matches(self, text: str, pattern: str) -> str:
        """Whether a text holds what the pattern describes."""

    def without_port(self, address: str) -> str:
        """An address without its port and brackets."""

    def count(self, path: str) -> str:
        """How many items a list has; null if there is no event."""

    def references(self, path: str) -> str:
        """A list of descriptors with the members of a column `refs`."""


def text_of(words: str) -> str:
    """A text as SQL writes it."""
    return "'{}'".format(words.replace("'", "''"))


def texts_of(words: Iterable[str]) -> str:
    """Several, for `IN`."""
    return f"({', '.join(map(text_of, words))})"


def select_list(columns: Iterable[ViewColumn], dialect: Dialect) -> str:
    """The columns of a view, one a line."""
    return ",\n".join(f"    {expression(column, dialect)} AS {dialect.name(column.name)}" for column in columns)


def expression(column: ViewColumn, dialect: Dialect) -> str:
    """A column's value."""
    match column.source:
        case Given():
            return dialect.given(column.name)
        case MemberAt(path):
            return without_emptiness(dialect.member(path), column.of, dialect)
        case Kind():
            return _kind(dialect)
        case WithoutPort(path):
            return f"NULLIF({dialect.without_port(dialect.member(path))}, '')"
        case ItemCount(path):
            return dialect.count(path)
        case References(path):
            return dialect.references(path)


def without_emptiness(member: str, of: MemberType, dialect: Dialect) -> str:
    """A member's value: null where it is empty text, 0 or no time."""
    if of == TEXT:
        return f"NULLIF({member}, '')"
    if of in _NUMBERS:
        return f"NULLIF({member}, 0)"
    return dialect.time(member) if of == TIME else member


def reference_values(at: str) -> list[tuple[str, str]]:
    """The members of a reference: each name, and its value where `at` is the descriptor."""
    return [
        (name, f"NULLIF({at}.{path}, {0 if of == LONG else text_of('')})") for name, (path, of) in REFERENCE.items()
    ]


def type_text(of: MemberType, scalars: Mapping[ScalarType, str], shapes: tuple[str, str, str, str]) -> str:
    """A type as an engine writes it.

    Args:
        of: the type.
        scalars: the names of types of one value.
        shapes: of a list, a map and a record, each with `{}` for what is in it, such as `ARRAY<{}>`; and of a record's
            member, with `{}` for its name, quoted since it may be a word of the engine's, and for its type.
    """
    list_of, map_of, record, member = shapes
    match of:
        case ScalarType():
            return scalars[of]
        case ListOf(items):
            return list_of.format(type_text(items, scalars, shapes))
        case MapOf(values):
            return map_of.format(type_text(values, scalars, shapes))
        case RecordType(fields):
            members = (member.format(name, type_text(inner, scalars, shapes)) for name, inner in fields)
            return record.format(", ".join(members))


def _kind(dialect: Dialect) -> str:
    media_type, url, action = (dialect.member(path) for path in ("target.mediaType", "target.url", "action"))
    tag, digest, source = (dialect.member(path) for path in ("target.tag", "target.digest", "sourceFormat"))
    is_delete = f"{action} = 'delete'"
    cases = {
        f"{media_type} IN {texts_of(INDEX_TYPES)}": "index",
        f"{media_type} IN {texts_of(MANIFEST_TYPES)}": "manifest",
        dialect.matches(url, BLOB_URL): "blob",
        f"{url} LIKE '%/manifests/%'": "manifest",
        f"{url} LIKE '%/blobs/%'": "blob",
        f"{is_delete} AND {tag} <> ''": "tag",
        f"{is_delete} AND COALESCE({digest}, '') = ''": "repository",
        f"{action} IN {texts_of(TAGGED_ACTIONS)} AND {tag} <> '' AND {source} <> ''": "manifest",
    }
    whens = "".join(f"        WHEN {case} THEN '{kind}'\n" for case, kind in cases.items())
    return f"CASE\n{whens}        ELSE 'unknown'\n    END"
