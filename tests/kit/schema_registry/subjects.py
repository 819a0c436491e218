"""What a Confluent Schema Registry keeps: schemas by id, versions by subject, compatibility levels. Pure, in memory.

Ids count over all subjects, from 1; an equal schema has the same id everywhere. A schema that its subject has already
is found, not judged again.
"""

import json
from dataclasses import dataclass
from typing import Any

from fastavro.schema import SchemaParseException, UnknownType

from tests.kit.schema_registry import errors
from tests.kit.schema_registry.canonical import canonical
from tests.kit.schema_registry.compatibility import Schema, incompatibilities

DEFAULT_LEVEL = "BACKWARD"
LEVELS = frozenset(
    {"NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"}
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a subject; `text` is the schema as the registry writes it."""

    subject: str
    version: int
    id: int
    text: str

    def rendered(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"subject": self.subject, "version": self.version, "id": self.id, "schema": self.text}


class Subjects:
    """The registry's memory; every method raises RestError for what the registry refuses."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._versions: dict[str, list[Version]] = {}
        self._levels: dict[str, str] = {}
        self._level = DEFAULT_LEVEL

    def register(self, subject: str, text: str) -> int:
        """The id of the schema, registered under the subject if it was not yet."""
        wanted = _read(text)
        found = self._find(subject, wanted)
        if found is not None:
            return found.id
        self._check(subject, wanted)
        versions = self._versions.setdefault(subject, [])
        schema_id = self._ids.setdefault(wanted, len(self._ids) + 1)
        versions.append(Version(subject, len(versions) + 1, schema_id, wanted))
        return schema_id

    def look_up(self, subject: str, text: str) -> Version:
        """The version of the subject that is this schema."""
        self.versions(subject)
        found = self._find(subject, _read(text))
        if found is None:
            raise errors.schema_not_found()
        return found

    def text(self, schema_id: int) -> str:
        """The schema of this id."""
        found = next((text for text, known in self._ids.items() if known == schema_id), None)
        if found is None:
            raise errors.schema_not_found(schema_id)
        return found

    def names(self) -> list[str]:
        """Every subject that has a version."""
        return list(self._versions)

    def versions(self, subject: str) -> list[Version]:
        """The versions of a subject, oldest first."""
        if subject not in self._versions:
            raise errors.subject_not_found(subject)
        return self._versions[subject]

    def version(self, subject: str, wanted: str) -> Version:
        """A version by its number, or the `latest`."""
        latest = wanted in {"latest", "-1"}
        if not latest and not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 2**31):
            raise errors.invalid_version(wanted)
        versions = self.versions(subject)
        number = len(versions) if latest else int(wanted)
        if number > len(versions):
            raise errors.version_not_found(number)
        return versions[number - 1]

    def level(self, subject: str | None, *, default_to_global: bool = False) -> str:
        """The compatibility level of a subject, or of all."""
        if subject is None:
            return self._level
        if subject not in self._levels and not default_to_global:
            raise errors.level_not_set(subject)
        return self._levels.get(subject, self._level)

    def set_level(self, subject: str | None, level: str) -> None:
        """Sets the level, in whatever case, of a subject, which need not exist yet, or of all."""
        if level.upper() not in LEVELS:
            raise errors.invalid_level()
        if subject is None:
            self._level = level.upper()
        else:
            self._levels[subject] = level.upper()

    def _find(self, subject: str, text: str) -> Version | None:
        return next((version for version in self._versions.get(subject, ()) if version.text == text), None)

    def _check(self, subject: str, text: str) -> None:
        """Raises RestError if the subject's level does not let this schema in."""
        level = self.level(subject, default_to_global=True)
        versions = self._versions.get(subject, [])
        for earlier in reversed(versions if level.endswith("_TRANSITIVE") else versions[-1:]):
            found = _differences(level, Schema(json.loads(text)), Schema(json.loads(earlier.text)))
            if found:
                shown = f"{{oldSchemaVersion: {earlier.version}}}", f"{{oldSchema: '{earlier.text}'}}"
                raise errors.incompatible(subject, [*found, *shown, f"{{compatibility: '{level}'}}"])


def _differences(level: str, new: Schema, old: Schema) -> list[str]:
    backward = incompatibilities(new, old) if level.startswith(("BACKWARD", "FULL")) else []
    forward = incompatibilities(old, new) if level.startswith(("FORWARD", "FULL")) else []
    return [str(one) for one in (*backward, *forward)]


def _read(text: str) -> str:
    """The schema as the registry writes it; RestError if the text is none."""
    try:
        schema = json.loads(text)
        Schema(schema)
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError) as error:
        raise errors.invalid_schema(text, str(error)) from error
    return canonical(schema)
