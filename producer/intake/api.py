"""What the intake answers, as OpenAPI says it; held to the routes by `tests/unit/producer/intake/test_api.py`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from producer.sources.formats import FORMATS
from runtime.http.openapi import ERROR, answer, document, get, operation, parameter, probe_paths, schemas_of
from runtime.spool_status import PATH as SPOOL_PATH
from runtime.spool_status import SpoolStatus
from schemas.names import LABEL
from schemas.wire import ENVELOPE_MEDIA_TYPES

_TEXT: Final = {"type": "string"}
_PROOFS: Final = {
    "authorization": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "One of the exact values of `intake.authorization`, or of the source's, if there are any.",
    },
    "token": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "The token of a source, if the configuration has one.",
    },
}
_ABOUT: Final = """\
Registries POST their notifications here. 200 means: every event of the envelope is stored by all in-sync replicas of
Kafka, or in the spool of the intake. Any other answer means that the registry is to send the envelope again; some of
its events may be stored then, and stand in the topic twice.

A source of the configuration (`intake.sources`) sends what its format says, and shows all proofs that are configured
for it: the header `Authorization`, a token in the query, a signature of the body in a header. What of it is no event of
an image is answered 200 and counted.

HEAD is answered as GET is, without the body. A path that is not here is answered 404, another method 405 with `Allow`.
What is no HTTP request, is larger than the limits or slower, is answered 400, 408 or 431 without being routed, or the
connection is closed.
"""
_CONTENT: Final = "/apis/registry/v2/ids/contentIds/{id}"
_REGISTRY_MEDIA: Final = "application/vnd.schemaregistry.v1+json"
_VERSION: Final = "/subjects/{subject}/versions/{version}"
_REFUSAL: Final = {
    "type": "object",
    "properties": {"error_code": {"type": "integer"}, "message": _TEXT},
    "required": ["error_code", "message"],
}
_ENVELOPE: Final = {
    "type": "object",
    "description": "A registry's envelope; members that are not known are taken and kept.",
    "properties": {"events": {"type": ["array", "null"], "items": {"type": "object"}}},
}
_OF_A_SOURCE: Final = {
    "type": ["object", "array"],
    "description": "An envelope; of a source what its format is, in one of the format's media types.",
}
_REFUSED_BODY: Final = {
    "type": "object",
    "properties": {"error": _TEXT, "path": {"type": "string", "description": "Where in the body"}},
    "required": ["error"],
}


def intake_api(path: str) -> dict[str, Any]:
    """The document of an intake that takes POSTs at `path`."""
    (spool,), schemas = schemas_of(SpoolStatus)
    labelled = f"{path.rstrip('/')}/{{registry}}"
    label = parameter("path", "registry", "A label for the events", {"type": "string", "pattern": LABEL.pattern})
    paths = {
        path: {"post": _post("postEvents", "Take events", dict.fromkeys(ENVELOPE_MEDIA_TYPES, _ENVELOPE))},
        labelled: {
            "post": _post(
                "postEventsOfRegistry",
                "Take events of a labelled registry, or of a source",
                dict.fromkeys(_media_types(), _OF_A_SOURCE),
                parameters=[label],
                security=["authorization", "token"],
            )
        },
        SPOOL_PATH: get(
            "spool",
            "What the spool holds",
            {
                200: answer("Null where there is no spool.", {"anyOf": [spool, {"type": "null"}]}),
                503: answer("With several processes: the one that answers for all cannot be asked.", ERROR),
            },
        ),
        **_schema_paths(),
        **probe_paths(forwarded=True),
    }
    return document("registry-bridge: the intake", _ABOUT, paths, schemas=schemas, schemes=_PROOFS)


def _media_types() -> list[str]:
    """Of envelopes, and of what sources send."""
    of_sources = [media_type for one in FORMATS.values() for media_type in one.media_types]
    return list(dict.fromkeys([*ENVELOPE_MEDIA_TYPES, *of_sources]))


def _post(
    name: str,
    summary: str,
    bodies: Mapping[str, dict[str, Any]],
    *,
    parameters: Sequence[dict[str, Any]] = (),
    security: Sequence[str] = ("authorization",),
) -> dict[str, Any]:
    accepted = {"type": "object", "properties": {"accepted": {"type": "integer"}}, "required": ["accepted"]}
    return operation(
        name,
        summary,
        {
            200: answer("All events are stored; there were so many.", accepted),
            400: answer("The body is no envelope, or not of the source's format.", _REFUSED_BODY),
            401: answer(
                "The Authorization header, the token or the signature is missing or not the configured one.",
                ERROR,
                headers={"www-authenticate": "The scheme that is expected"},
            ),
            408: answer("The body came too slowly.", ERROR),
            413: answer("The body, or what is in it, is larger than the limits.", _REFUSED_BODY),
            415: answer("The Content-Type or the Content-Encoding is not accepted.", ERROR),
            503: answer(
                "Events cannot be stored now; send the envelope again.",
                ERROR,
                headers={"retry-after": "Seconds to wait"},
            ),
        },
        parameters=[
            *parameters,
            parameter("header", "traceparent", "W3C Trace Context; kept with the events", _TEXT),
            parameter("header", "tracestate", "W3C Trace Context; kept with a valid `traceparent`", _TEXT),
        ],
        body={media_type: {"schema": schema} for media_type, schema in bodies.items()},
        security=security,
    )


def _schema_paths() -> dict[str, Any]:
    """The read-only part of a Confluent schema registry, and Apicurio's way to a schema by its id."""
    id_ = parameter("path", "id", "A schema's id", {"type": "integer"})
    subject = parameter("path", "subject", "TOPIC-value", _TEXT)
    version = parameter("path", "version", "A number, or latest", _TEXT)
    whole = {"type": "object", "properties": {"schema": _TEXT}, "required": ["schema"]}
    members = {"subject": _TEXT, "version": {"type": "integer"}, "id": {"type": "integer"}, "schema": _TEXT}
    one = {"type": "object", "properties": members, "required": list(members)}
    avro = {"type": "object"}
    numbers = {"type": "array", "items": {"type": "integer"}}
    nothing = {"type": "array", "maxItems": 0}

    no_schema, no_subject = {404: "There is no such schema."}, {404: "There is no such subject."}
    no_version = {404: "There is no such subject or version.", 422: "That is no version."}
    return {
        "/schemas/ids/{id}": _read("schemaById", "A schema, as text", whole, [id_], no_schema),
        "/schemas/ids/{id}/schema": _read("bareSchemaById", "A schema", avro, [id_], no_schema),
        _CONTENT: _read("contentById", "A schema, for Apicurio's clients", avro, [id_], no_schema),
        f"{_CONTENT}/references": _read("contentReferences", "Schemas it needs: none", nothing, [id_], no_schema),
        "/subjects": _read("subjects", "All subjects", {"type": "array", "items": _TEXT}, [], {}),
        "/subjects/{subject}/versions": _read("versions", "Versions", numbers, [subject], no_subject),
        _VERSION: _read("version", "A version", one, [subject, version], no_version),
        f"{_VERSION}/schema": _read("bareVersion", "A version's schema", avro, [subject, version], no_version),
    }


def _read(
    name: str, summary: str, found: dict[str, Any], parameters: Sequence[dict[str, Any]], refusals: Mapping[int, str]
) -> dict[str, Any]:
    refused = {status: answer(said, _REFUSAL, media_type=_REGISTRY_MEDIA) for status, said in refusals.items()}
    answers = {200: answer("It is this.", found, media_type=_REGISTRY_MEDIA), **refused}
    return get(name, summary, answers, parameters=parameters)
