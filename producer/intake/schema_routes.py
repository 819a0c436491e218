"""The read-only part of the Confluent Schema Registry API, over the released schemas.

Enough for ClickHouse, Kafka Connect, kcat and Confluent's own deserializers to read the topic with nothing else
running. Follows the API reference of Confluent Schema Registry 7; errors carry its codes. Apicurio's converters and
deserializers ask Apicurio Registry's own API, version 2: of that there is what they need for a schema by its id.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from producer.schema_registration import Registration
from runtime.config.settings import AttemptSettings
from runtime.http.asgi import Request, Respond, Response, Route
from schemas.catalog import ATTEMPTS, CATALOG, TAGS, Catalog, Release
from schemas.names import subject_of

_MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_LATEST: Final = frozenset({"latest", "-1"})
_ID: Final = re.compile(r"/schemas/ids/(\d{1,10})(/schema)?", re.ASCII)
_CONTENT: Final = re.compile(r"/apis/registry/v2/ids/contentIds/(\d{1,10})(/references)?", re.ASCII)
_OF_CONTENT: Final = "/apis/registry/v2/ids/contentIds/{id}"
_VERSIONS: Final = re.compile(r"/subjects/([^/]+)/versions", re.ASCII)
_OF_SUBJECT: Final = "/subjects/{subject}/versions"
_VERSION: Final = re.compile(r"/subjects/([^/]+)/versions/([^/]+)(/schema)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _SchemaSubject:
    """The releases under one subject."""

    name: str
    catalog: Catalog
    registration: Registration | None = None
    """Which may have other ids of a schema registry; None: the pinned ones alone."""

    @property
    def _ids(self) -> Mapping[int, int]:
        return self.registration.ids if self.registration else {}

    def by_id(self, schema_id: int) -> Release | None:
        """By its pinned id, or by that of the schema registry."""
        versions = {given: version for version, given in self._ids.items()}
        by_version = {release.version: release for release in self.catalog.releases}
        return self.catalog.by_id(schema_id) or by_version.get(versions.get(schema_id, 0))

    def by_version(self, wanted: str) -> Release | None:
        """By its number, or the latest."""
        by_version = {str(release.version): release for release in self.catalog.releases}
        return self.catalog.latest if wanted in _LATEST else by_version.get(wanted)

    def id_of(self, release: Release) -> int:
        """By which the values of records name it."""
        return self._ids.get(release.version, release.id)


def schema_routes(
    topic: str,
    registration: Registration,
    catalog: Catalog = CATALOG,
    *,
    attempts: AttemptSettings | None = None,
    tags: str | None = None,
) -> list[Route]:
    """`/schemas/ids/{id}`, `/subjects`, `/subjects/{s}/versions`, `/subjects/{s}/versions/{v|latest}`, and Apicurio's.

    By id a release is found by its pinned id, and by that of the schema registry if the bridge registered it there.

    Args:
        topic: of events.
        registration: of their schema.
        catalog: of the releases of that schema.
        attempts: their topic, if there is one.
        tags: the topic of tags, if there is one.
    """
    found = [_SchemaSubject(subject_of(topic), catalog, registration), *_others(attempts, tags)]
    return [*_by_id(found), *_by_subject({subject.name: subject for subject in found})]


def _others(attempts: AttemptSettings | None, tags: str | None) -> Iterator[_SchemaSubject]:
    if attempts is not None:
        yield _SchemaSubject(subject_of(attempts.topic), ATTEMPTS)
    if tags is not None:
        yield _SchemaSubject(subject_of(tags), TAGS)


def _by_id(subjects: list[_SchemaSubject]) -> list[Route]:
    async def schema(request: Request) -> Response:
        release, rest = _release_at(_ID, request.path, subjects)
        if release is None:
            return _error(404, 40403, "Schema not found")
        return _raw(release) if rest else _json({"schema": release.text})

    async def content(request: Request) -> Response:
        release, rest = _release_at(_CONTENT, request.path, subjects)
        if release is None:
            return _error(404, 404, "Schema not found")
        return _json([]) if rest else _raw(release)

    return [
        _route(_ID, schema, "/schemas/ids/{id}", "/schemas/ids/{id}/schema"),
        _route(_CONTENT, content, _OF_CONTENT, f"{_OF_CONTENT}/references"),
    ]


def _by_subject(by_name: Mapping[str, _SchemaSubject]) -> list[Route]:
    async def subjects(_: Request) -> Response:
        return _json(list(by_name))

    async def versions(request: Request) -> Response:
        match = _VERSIONS.fullmatch(request.path)
        subject = by_name.get(match[1]) if match else None
        if subject is None:
            return _no_subject()
        return _json([release.version for release in subject.catalog.releases])

    async def version(request: Request) -> Response:
        match = _VERSION.fullmatch(request.path)
        subject = by_name.get(match[1]) if match else None
        if match is None or subject is None:
            return _no_subject()
        return _one_version(subject, match[2], bare=bool(match[3]))

    return [
        Route.get("/subjects", subjects),
        _route(_VERSIONS, versions, _OF_SUBJECT),
        _route(_VERSION, version, f"{_OF_SUBJECT}/{{version}}", f"{_OF_SUBJECT}/{{version}}/schema"),
    ]


def _route(paths: re.Pattern[str], respond: Respond, *templates: str) -> Route:
    return Route(("GET", "HEAD"), lambda path: paths.fullmatch(path) is not None, respond, templates)


def _release_at(paths: re.Pattern[str], path: str, subjects: list[_SchemaSubject]) -> tuple[Release | None, str | None]:
    """The release whose id a path names, and what the path has behind it."""
    match = paths.fullmatch(path)
    assert match is not None, "the route is found by its pattern"
    releases = (subject.by_id(int(match[1])) for subject in subjects)
    return next((release for release in releases if release is not None), None), match[2]


def _one_version(subject: _SchemaSubject, wanted: str, *, bare: bool) -> Response:
    if wanted not in _LATEST and not (wanted.isascii() and wanted.isdigit()):
        return _error(422, 42202, "The specified version is not a valid version id")
    release = subject.by_version(wanted)
    if release is None:
        return _error(404, 40402, "Version not found")
    if bare:
        return _raw(release)
    facts = {"subject": subject.name, "version": release.version, "id": subject.id_of(release), "schema": release.text}
    return _json(facts)


def _raw(release: Release) -> Response:
    return Response(200, release.text.encode(), content_type=_MEDIA_TYPE)


def _json(value: object) -> Response:
    return Response(200, Response.json(200, value).body, content_type=_MEDIA_TYPE)


def _no_subject() -> Response:
    return _error(404, 40401, "Subject not found")


def _error(status: int, code: int, message: str) -> Response:
    return Response(
        status, Response.json(status, {"error_code": code, "message": message}).body, content_type=_MEDIA_TYPE
    )
