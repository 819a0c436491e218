"""Holds an OpenAPI document to routes: every route is in it and the reverse, and every answer is as it says.

A check that sees too little fails: `unseen` names each status of the document that no answer had.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from runtime.http.asgi import Application, Message, Route

Case = tuple[str, str, int]
"""Template, method in lower case, status."""
_OF_EVERY_ANSWER: Final = frozenset({"content-type", "content-length", "date", "connection"})
_HEAD: Final = "HEAD"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a request was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Conformance:
    """One document, and the answers that were seen."""

    document: Mapping[str, Any]
    seen: set[Case] = field(default_factory=set)

    def is_valid(self) -> bool:
        """Whether it is an OpenAPI document at all; raises what is wrong."""
        OpenAPIV31SpecValidator(dict(self.document)).validate()
        return True

    def differences(self, routes: Iterable[Route]) -> list[str]:
        """Operations that only one of both has; a route without templates is one."""
        found = set()
        for route in routes:
            templates = route.templates or ("a route without templates",)
            found |= {(template, method.lower()) for template in templates for method in route.methods}
        found -= {(template, _HEAD.lower()) for template, method in found if method == "get"}
        said = {(template, method) for template, item in self.document["paths"].items() for method in item}
        return sorted(f"{method.upper()} {template}" for template, method in found ^ said)

    def saw(self, template: str, method: str, answer: HttpAnswer) -> None:
        """An answer; AssertionError if the document does not say it."""
        responses = self.document["paths"][template][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{method} {template} answers {answer.status}"
        response = responses[str(answer.status)]
        named = answer.headers.keys() - _OF_EVERY_ANSWER
        assert named == response["headers"].keys(), f"{method} {template} {answer.status}: {named}"
        media_type = answer.headers["content-type"].split(";")[0]
        assert media_type in response["content"], f"{method} {template} {answer.status}: {media_type}"
        if media_type.endswith("json"):
            schema = _strict({**response["content"][media_type]["schema"], "components": self.document["components"]})
            Draft202012Validator(schema).validate(json.loads(answer.body))
        self.seen.add((template, method.lower(), answer.status))

    def unseen(self) -> list[str]:
        """Statuses of the document that no answer had."""
        said = {
            (template, method, int(status))
            for template, item in self.document["paths"].items()
            for method, operation in item.items()
            for status in operation["responses"]
        }
        return sorted(f"{method.upper()} {template} {status}" for template, method, status in said - self.seen)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request; an exception among the pieces of its body is raised in place of one."""

    method: str
    path: str
    pieces: Sequence[bytes | Exception] = (b"",)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


def answered(app: Application, ask: Ask) -> HttpAnswer:
    """What an application answers."""
    return asyncio.run(_answered(app, ask))


async def _answered(app: Application, ask: Ask) -> HttpAnswer:
    sent: list[Message] = []
    left = list(ask.pieces)

    async def receive() -> Message:
        piece = left.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": ask.method,
        "path": ask.path,
        "query_string": ask.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in ask.headers.items()],
        "client": ("127.0.0.1", 9),
    }
    await app(scope, receive, send)
    head, body = sent
    lines = [(name.decode(), value.decode()) for name, value in head["headers"]]
    assert len(dict(lines)) == len(lines), "a header stands twice"
    return HttpAnswer(head["status"], dict(lines), body["body"])


def _strict(schema: Any) -> Any:
    """The schema, in which a member that is not named is a fault."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _strict(one) for name, one in deepcopy(schema).items()}
    if isinstance(found.get("properties"), dict) and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found
