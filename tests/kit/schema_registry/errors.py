"""The errors of Confluent's Schema Registry: the HTTP status, its own code and its words (rest/exceptions/Errors.java).

An incompatible schema has the code 409 here; newer versions of the registry say 40901. The status is 409 in both.
"""

import json
from collections.abc import Sequence

from tests.kit.exchange import Answer

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
LEVELS = "none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"


class RestError(Exception):
    """A request that the registry refuses.

    Args:
        status: the HTTP status.
        code: `error_code` in the body.
        message: `message` in the body.
        headers: beside the content type.
    """

    def __init__(self, status: int, code: int, message: str, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        body = json.dumps({"error_code": code, "message": message}).encode()
        self.answer = Answer(status=status, headers=(("Content-Type", MEDIA_TYPE), *headers), body=body)


def plain(status: int, phrase: str) -> RestError:
    """An error of HTTP itself, which has the status for a code."""
    return RestError(status, status, f"HTTP {status} {phrase}")


def unauthorized() -> RestError:
    """The user is missing or wrong."""
    return RestError(401, 401, "Unauthorized", headers=[("WWW-Authenticate", 'Basic realm="SchemaRegistry"')])


def unavailable() -> RestError:
    """What a proxy or the registry itself says when it cannot answer now."""
    return RestError(503, 503, "HTTP 503 Service Unavailable", headers=[("Retry-After", "1")])


def subject_not_found(subject: str) -> RestError:
    """No schema was ever registered under the subject."""
    return RestError(404, 40401, f"Subject '{subject}' not found.")


def version_not_found(version: int) -> RestError:
    """The subject has no such version."""
    return RestError(404, 40402, f"Version {version} not found.")


def schema_not_found(schema_id: int | None = None) -> RestError:
    """No schema has this id; without an id, the subject has no such schema."""
    return RestError(404, 40403, "Schema not found" if schema_id is None else f"Schema {schema_id} not found")


def level_not_set(subject: str) -> RestError:
    """The subject has no compatibility level of its own."""
    return RestError(404, 40408, f"Subject '{subject}' does not have subject-level compatibility configured")


def incompatible(subject: str, details: Sequence[str] = ()) -> RestError:
    """A registered schema and the new one cannot read each other's data as the subject's level demands."""
    message = f'Schema being registered is incompatible with an earlier schema for subject "{subject}"'
    return RestError(409, 409, f"{message}, details: [{', '.join(details)}]")


def invalid_schema(text: str, details: str) -> RestError:
    """The text is no Avro schema."""
    return RestError(422, 42201, f"Invalid schema {text} with refs [] of type AVRO, details: {details}")


def invalid_version(version: str) -> RestError:
    """Neither a version number nor `latest`."""
    allowed = 'Allowed values are between [1, 2^31-1] and the string "latest"'
    return RestError(422, 42202, f"The specified version '{version}' is not a valid version id. {allowed}")


def invalid_level() -> RestError:
    """There is no such compatibility level."""
    return RestError(422, 42203, f"Invalid compatibility level. Valid values are {LEVELS}")
