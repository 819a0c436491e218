"""Parts of an OpenAPI document (3.1), out of which each HTTP face makes its own.

Schemas of answers are made of the types that are answered, so they cannot say anything else. What holds a document to
its routes is `tests/kit/api_conformance.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from runtime.http.client import VERSION
from runtime.http.guard_headers import GUARD_HEADERS

Json = dict[str, Any]

ERROR: Final[Json] = {"$ref": "#/components/schemas/Error"}
_GUARDED: Final[Json] = {name: {"$ref": f"#/components/headers/{name}"} for name in GUARD_HEADERS}
_ANSWER_TO_A_FAULT: Final = "A fault of the program; its log says more."
_NO_PARENT: Final = "with several processes: the one that answers for all cannot be asked"
_LICENSE: Final[Json] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def document(
    title: str, description: str, paths: Mapping[str, Json], *, schemas: Json, schemes: Mapping[str, Json]
) -> Json:
    """A whole document.

    Args:
        title: of the face.
        description: of it; CommonMark.
        paths: path items by path template.
        schemas: besides that of errors, by name.
        schemes: of security, by name.
    """
    error = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    guards = {name: {"schema": {"type": "string"}, "example": value} for name, value in GUARD_HEADERS.items()}
    return {
        "openapi": "3.1.1",
        "info": {"title": title, "version": VERSION, "description": description, "license": _LICENSE},
        "paths": dict(paths),
        "components": {
            "schemas": {"Error": error, **schemas},
            "headers": guards,
            "securitySchemes": dict(schemes),
        },
    }


def operation(
    name: str,
    summary: str,
    answers: Mapping[int, Json],
    *,
    description: str = "",
    parameters: Sequence[Json] = (),
    body: Json | None = None,
    security: Sequence[str] = (),
) -> Json:
    """One operation; that a fault of the program is answered 500 is added.

    Args:
        name: unique in the document.
        summary: one line.
        answers: by status.
        description: more; CommonMark.
        parameters: of path, query and headers.
        body: of the request, by media type.
        security: names of schemes, which may be left out where the configuration asks for none.
    """
    every = {**answers, 500: answer(_ANSWER_TO_A_FAULT, ERROR)}
    found: Json = {
        "operationId": name,
        "summary": summary,
        "responses": {str(status): one for status, one in sorted(every.items())},
    }
    if description:
        found["description"] = description
    if parameters:
        found["parameters"] = list(parameters)
    if body is not None:
        found["requestBody"] = {"required": True, "content": body}
    if security:
        found["security"] = [*({scheme: []} for scheme in security), {}]
    return found


def answer(
    description: str, schema: Json, *, media_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> Json:
    """One answer; `headers` are its own, by name with a description."""
    own = {name: {"description": said, "schema": {"type": "string"}} for name, said in (headers or {}).items()}
    return {"description": description, "headers": {**_GUARDED, **own}, "content": {media_type: {"schema": schema}}}


def parameter(where: str, name: str, description: str, schema: Json) -> Json:
    """A parameter; one of a path is required."""
    required = {"required": True} if where == "path" else {}
    return {"in": where, "name": name, "description": description, "schema": schema, **required}


def schemas_of(*types: Any) -> tuple[list[Json], Json]:
    """References to the schemas of these types, in their order, and the schemas by name: as msgspec writes values."""
    references, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return list(references), found


def probe_paths(*, forwarded: bool) -> dict[str, Json]:
    """The pages that every process has: see `runtime.http.probes` and `runtime.http.api_routes`.

    `forwarded`: whether one of several processes may be asked, which asks the one that answers for all.
    """
    no_parent = [ERROR] if forwarded else []
    metrics = {200: _metrics(), **({503: answer(f"Only {_NO_PARENT}.", ERROR)} if forwarded else {})}
    gone = answer("One of several processes does not answer.", {"anyOf": [_state("not alive"), *no_parent]})
    unready = answer("It does not, for these reasons.", {"anyOf": [_state("not ready"), *no_parent]})
    a_document = {"type": "object"}
    return {
        "/livez": get("livez", "Whether the process lives", {200: answer("It does.", _state("alive")), 503: gone}),
        "/readyz": get("readyz", "Whether it does its work", {200: answer("It does.", _state("ready")), 503: unready}),
        "/metrics": get("metrics", "Metrics for Prometheus", metrics),
        "/openapi.json": get("openapi", "This document", {200: answer("OpenAPI 3.1.", a_document)}),
        "/asyncapi.json": get("asyncapi", "The topics in Kafka", {200: answer("AsyncAPI 3.0.", a_document)}),
    }


def get(name: str, summary: str, answers: Mapping[int, Json], **more: Any) -> Json:
    """A path item of GET alone; HEAD is answered as GET is, without the body."""
    return {"get": operation(name, summary, answers, **more)}


def _metrics() -> Json:
    text = {"schema": {"type": "string"}}
    found = answer("In the format that the header Accept prefers.", {"type": "string"})
    return {**found, "content": {"text/plain": text, "application/openmetrics-text": text}}


def _state(status: str) -> Json:
    reasons = {"type": "array", "items": {"type": "string"}}
    spool = {"type": "string", "description": "What the spool of an intake holds, if it has one"}
    members = {"status": {"const": status}, "reasons": reasons, "spool": spool}
    return {"type": "object", "properties": members, "required": ["status"]}
