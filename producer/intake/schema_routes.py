"""The read-only part of the Confluent Schema Registry API, over the released schemas.

Enough for ClickHouse, Kafka Connect, kcat and Confluent's own deserializers to read the topic with nothing else
running. Follows the API reference of Confluent Schema Registry 7; errors carry its codes.
"""

import re
from typing import Final

from producer.schema_registration import Registration
from runtime.http.asgi import Request, Response, Route
from schemas.catalog import CATALOG, Catalog, Release
from schemas.names import subject_of

_MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_ID: Final = re.compile(r"/schemas/ids/(\d{1,10})(/schema)?", re.ASCII)
_VERSIONS: Final = re.compile(r"/subjects/([^/]+)/versions", re.ASCII)
_VERSION: Final = re.compile(r"/subjects/([^/]+)/versions/([^/]+)(/schema)?", re.ASCII)


def schema_routes(topic: str, registration: Registration, catalog: Catalog = CATALOG) -> list[Route]:
    """`/schemas/ids/{id}`, `/subjects`, `/subjects/{s}/versions`, `/subjects/{s}/versions/{v|latest}`.

    By id a release is found by its pinned id, and by that of the schema registry if the bridge registered it there.
    """
    subject = subject_of(topic)

    async def by_id(request: Request) -> Response:
        match = _ID.fullmatch(request.path)
        release = _by_id(catalog, registration, int(match[1])) if match else None
        if release is None:
            return _error(404, 40403, "Schema not found")
        return _raw(release) if match and match[2] else _json({"schema": release.text})

    async def subjects(_: Request) -> Response:
        return _json([subject])

    async def versions(request: Request) -> Response:
        match = _VERSIONS.fullmatch(request.path)
        if match is None or match[1] != subject:
            return _no_subject()
        return _json([release.version for release in catalog.releases])

    async def version(request: Request) -> Response:
        match = _VERSION.fullmatch(request.path)
        if match is None or match[1] != subject:
            return _no_subject()
        return _one_version(catalog, registration, subject, match[2], bare=bool(match[3]))

    return [
        Route(("GET", "HEAD"), lambda path: _ID.fullmatch(path) is not None, by_id),
        Route.get("/subjects", subjects),
        Route(("GET", "HEAD"), lambda path: _VERSIONS.fullmatch(path) is not None, versions),
        Route(("GET", "HEAD"), lambda path: _VERSION.fullmatch(path) is not None, version),
    ]


def _by_id(catalog: Catalog, registration: Registration, schema_id: int) -> Release | None:
    given = {schema_id: version for version, schema_id in registration.ids.items()}
    by_version = {release.version: release for release in catalog.releases}
    return catalog.by_id(schema_id) or by_version.get(given.get(schema_id, 0))


def _one_version(catalog: Catalog, registration: Registration, subject: str, wanted: str, *, bare: bool) -> Response:
    if wanted not in {"latest", "-1"} and not (wanted.isascii() and wanted.isdigit()):
        return _error(422, 42202, "The specified version is not a valid version id")
    by_version = {str(release.version): release for release in catalog.releases}
    release = catalog.latest if wanted in {"latest", "-1"} else by_version.get(wanted)
    if release is None:
        return _error(404, 40402, "Version not found")
    if bare:
        return _raw(release)
    schema_id = registration.ids.get(release.version, release.id)
    return _json({"subject": subject, "version": release.version, "id": schema_id, "schema": release.text})


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
