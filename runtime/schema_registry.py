"""A Confluent-compatible schema registry over HTTP: registers schemas, and is asked for those of others. Blocking.

Follows the API reference of Confluent Schema Registry 7, as far as Apicurio Registry and Karapace answer it too. Knows
nothing of our schemas, and keeps nothing.
"""

import json
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from runtime.config import SchemaRegistrySettings
from runtime.errors import BridgeError
from runtime.http.blocking import BlockingHTTP, NoExchangeError
from runtime.http.client import ClientSettingsError, made

FULL_TRANSITIVE: Final = "FULL_TRANSITIVE"
"""Every version of a subject can be read by every other."""
ANSWER_LIMIT_S: Final = 5.0
_LIMIT_BYTES: Final = 4 * 2**20
"""Of an answer: some hundred times the schema of the events."""
_TOLD: Final = 300
"""Characters of what a registry says that are shown: some repeat the whole schema."""
_IDS: Final = range(2**31)
"""Confluent's are Java's `int`, and its framing has 4 bytes for one."""
_MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_OF: Final = "schema_registry"


class SchemaRegistryUnavailableError(BridgeError):
    """The schema registry does not do it now, or will not for this user; the same may work later."""


class SchemaRefusedError(BridgeError):
    """The schema registry will not take the schema, however often it is asked: somebody must change the subject."""

    exit_code: ClassVar[int] = 1


class SchemaRegistry:
    """One schema registry; safe to use from several threads."""

    def __init__(self, settings: SchemaRegistrySettings, *, program: str, limit_s: float = ANSWER_LIMIT_S) -> None:
        """Opens no connection yet.

        Args:
            settings: of the registry.
            program: what we call ourselves to it.
            limit_s: seconds that each of its answers may take, its last byte included.

        Raises:
            ClientSettingsError: naming the key that is at fault.
        """
        self._root = _root(settings)
        self.safe_url: Final = settings.safe_url
        self._http = BlockingHTTP(settings.tls, of=_OF, program=program, limit_s=limit_s, limit_bytes=_LIMIT_BYTES)
        self._headers = {"accept": f"{_MEDIA_TYPE}, application/json"}
        if settings.authorization is not None:
            self._headers["authorization"] = settings.authorization.reveal()
        self._http.build(self._root, self._headers)

    def find(self, subject: str, schema: str) -> int | None:
        """The id of this schema in the subject, None if it is not there.

        Raises:
            SchemaRefusedError: it is no schema to this registry.
            SchemaRegistryUnavailableError: see there.
        """
        status, answer = self._ask("POST", f"/subjects/{_quoted(subject)}", {"schema": schema}, may_lack_it=True)
        return None if status == 404 else self._id(subject, status, answer)

    def register(self, subject: str, schema: str) -> int:
        """Put the schema into the subject, if it is not there; its id.

        Raises:
            SchemaRefusedError: it is incompatible with the versions that are there, or no schema to this registry.
            SchemaRegistryUnavailableError: see there.
        """
        status, answer = self._ask("POST", f"/subjects/{_quoted(subject)}/versions", {"schema": schema})
        return self._id(subject, status, answer)

    def schema(self, schema_id: int) -> str | None:
        """The Avro schema with this id; None if there is none, or it is not Avro, or needs others to be read.

        Raises:
            SchemaRegistryUnavailableError: see there.
        """
        status, answer = self._ask("GET", f"/schemas/ids/{schema_id}")
        if status == 404 or answer.get("schemaType", "AVRO") != "AVRO" or answer.get("references"):
            return None
        return self._text(answer, "schema")

    def compatibility(self, subject: str) -> str | None:
        """The subject's own level of compatibility, None if it has none.

        Raises:
            SchemaRegistryUnavailableError: see there.
        """
        status, answer = self._ask("GET", f"/config/{_quoted(subject)}", may_lack_it=True)
        return None if status == 404 else self._text(answer, "compatibilityLevel")

    def set_compatibility(self, subject: str, level: str) -> None:
        """Set the subject's own level; the subject need not be there yet.

        Raises:
            SchemaRegistryUnavailableError: see there.
        """
        status, answer = self._ask("PUT", f"/config/{_quoted(subject)}", {"compatibility": level})
        # Apicurio says 409 to one of two that set it at once: fine if it was set to the same.
        if status != 200 and self.compatibility(subject) != level:
            raise self._trouble(f"does not set the compatibility of subject {subject}: {_reason(status, answer)}")

    def _ask(
        self, method: str, path: str, body: dict[str, str] | None = None, *, may_lack_it: bool = False
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON: of success, or of an error that says something about a subject or a schema.

        With `may_lack_it` any 404 will do: a registry need not have a route that only looks; the next request shows it.
        """
        sent = {"content-type": _MEDIA_TYPE} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else None
        try:
            answer = self._http.exchange(method, self._root + path, {**self._headers, **sent}, content)
        except NoExchangeError as error:
            raise self._trouble(str(error)) from None
        if answer.status == 404 and may_lack_it:
            return answer.status, {}
        return answer.status, self._understood(answer.status, answer.content)

    def _understood(self, status: int, content: bytes) -> dict[str, Any]:
        answer = _json(content)
        # 404 without a code of its own, or with the bare 404, is an unknown path and says nothing of a schema.
        is_error = status in {404, 409, 422} and isinstance(answer, dict) and answer.get("error_code", 404) != 404
        if isinstance(answer, dict) and (200 <= status < 300 or is_error):
            return answer
        hint = {
            200: "no JSON object: is it a schema registry?",
            401: "set schema_registry.authorization, or the user in its url, to what it accepts",
            403: "its user may not do this",
            404: "is schema_registry.url its root?",
        }.get(status, "is it a schema registry?" if status < 500 else "it has an internal fault")
        raise self._trouble(f"answers {status}: {hint}")

    def _id(self, subject: str, status: int, answer: dict[str, Any]) -> int:
        """The id of a schema that was looked up or registered."""
        if status in {409, 422}:
            reason = _reason(status, answer)
            raise SchemaRefusedError(
                f"schema registry {self.safe_url} refuses the schema for subject {subject}: {reason}"
            )
        found = answer.get("id")
        if type(found) is int and found in _IDS:  # True is an int too
            return found
        raise self._trouble("answers without an id: is it a schema registry?")

    def _text(self, answer: dict[str, Any], member: str) -> str:
        found = answer.get(member)
        if isinstance(found, str):
            return found
        raise self._trouble(f"answers without {member}: is it a schema registry?")

    def _trouble(self, what: str) -> SchemaRegistryUnavailableError:
        return SchemaRegistryUnavailableError(f"schema registry {self.safe_url} {what}")


def _root(settings: SchemaRegistrySettings) -> str:
    """The URL that paths are appended to; settings that are made in Python were not read by the configuration."""
    parts = made(_OF, "url", lambda: urlsplit(settings.url))
    if parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise ClientSettingsError(f"{_OF}: url {settings.safe_url} is not a root URL; write e.g. http://127.0.0.1:8081")
    return settings.url.rstrip("/")


def _reason(status: int, answer: dict[str, Any]) -> str:
    """What the registry says, as one short line that is safe on a terminal."""
    text = str(answer.get("message") or status)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_TOLD]


def _json(content: bytes) -> object:
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found


def _quoted(subject: str) -> str:
    return quote(subject, safe="")
