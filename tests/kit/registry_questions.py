"""Questions to a schema registry by our client, and the faults that they meet."""

import traceback
from collections.abc import Callable

import pytest

from runtime.config import Secret, TLSSettings
from runtime.config.settings import SchemaRegistrySettings
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRegistry, SchemaRegistryUnavailableError
from tests.kit.eventually import LIMIT_S
from tests.kit.schema_registry import basic

SUBJECT = "registry.events-value"
SCHEMA = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}'
USER, PASSWORD, TOKEN = "bob", "s3cret", "t0ken"
SECRETS = (USER, PASSWORD, TOKEN, basic(USER, PASSWORD).removeprefix("Basic "))
Question = Callable[[SchemaRegistry], object]
QUESTIONS: dict[str, Question] = {
    "find": lambda client: client.find(SUBJECT, SCHEMA),
    "register": lambda client: client.register(SUBJECT, SCHEMA),
    "schema": lambda client: client.schema(1),
    "compatibility": lambda client: client.compatibility(SUBJECT),
    "set_compatibility": lambda client: client.set_compatibility(SUBJECT, FULL_TRANSITIVE),
}


def client_of(
    url: str, *, authorization: str | None = None, tls: TLSSettings | None = None, limit_s: float = LIMIT_S
) -> SchemaRegistry:
    """A client that waits no longer for an answer than a test can."""
    secret = Secret(authorization) if authorization is not None else None
    settings = SchemaRegistrySettings(url=url, authorization=secret, tls=tls or TLSSettings())
    return SchemaRegistry(settings, program="registry-bridge", limit_s=limit_s)


def url_with_user(url: str) -> str:
    """The URL, with a user in it."""
    return url.replace("//", f"//{USER}:{PASSWORD}@")


def trouble(client: SchemaRegistry, question: Question) -> str:
    """What is said of the trouble after whose it is: one line, with no secret in it or in its traceback."""
    with pytest.raises(SchemaRegistryUnavailableError) as raised:
        question(client)
    told = str(raised.value)
    assert 1 == len(told.splitlines())
    shown = told + repr(raised.value) + "".join(traceback.format_exception(raised.value))
    assert [] == [secret for secret in SECRETS if secret in shown]
    assert told.startswith(f"schema registry {client.safe_url} "), told
    return told.removeprefix(f"schema registry {client.safe_url} ")


def troubles(client: SchemaRegistry) -> set[str]:
    """What is said of the trouble when each question is asked."""
    return {trouble(client, question) for question in QUESTIONS.values()}
