"""`signing` of an endpoint: what each scheme takes, and the exact line of each fault."""
# ruff: noqa: E501 - fault lines stand whole, as a user sees them

from pathlib import Path

import pytest

from runtime.config.load import settings_from
from runtime.config.secrets import Secret
from tests.kit.config_faults import KAFKA, faults, loaded

STANDARD = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


def endpoint(keys: str) -> str:
    """Write a file with one endpoint that has these keys."""
    return f"{KAFKA}endpoints: [{{name: ci, url: 'https://ci.example.com/hook', {keys}}}]"


FAULTS = [
    (
        "signing: {secrets: []}",
        "endpoints[0].signing.secrets: is an empty list; leave signing out to send unsigned",
    ),
    ("signing: {scheme: github}", "endpoints[0].signing.secrets: is missing; write a list of them"),
    (
        "signing: {scheme: sha1, secrets: [abc]}",
        'endpoints[0].signing.scheme: "sha1" is not one of standard-webhooks, generic-hmac, github',
    ),
    (
        "signing: {secrets: [hunter2]}",
        "endpoints[0].signing.secrets[0]: *** is not a signing secret: whsec_ and base64 of 24 to 64 bytes",
    ),
    (
        "signing: {scheme: generic-hmac, secrets: ['hunter2 ']}",
        "endpoints[0].signing.secrets[0]: *** is not a signing secret: a text that is not empty, with no space or line break around it",
    ),
    (
        "signing: {scheme: github, secrets: [a, b]}",
        "endpoints[0].signing.secrets: has 2 members; scheme github sends one signature, so write one",
    ),
    (
        "signing: {scheme: github, secrets: [a]}, headers: {X-Hub-Signature-256: b}",
        "endpoints[0].headers.X-Hub-Signature-256: is set by signing.scheme github; leave it out",
    ),
    (
        "signing: {scheme: generic-hmac, secrets: [a]}, headers: {x-signature: b}",
        "endpoints[0].headers.x-signature: is set by signing.scheme generic-hmac; leave it out",
    ),
]


@pytest.mark.parametrize(("keys", "line"), FAULTS)
def test_a_fault_is_one_clear_line(tmp_path: Path, keys: str, line: str) -> None:
    """What is wrong, where, and what to write; never the secret."""
    assert [line] == faults(tmp_path, endpoint(keys))


@pytest.mark.parametrize(
    ("written", "header"),
    [
        ({"secrets": [STANDARD]}, "webhook-signature"),
        ({"scheme": "standard-webhooks", "secrets": [STANDARD]}, "webhook-signature"),
        ({"scheme": "generic-hmac", "secrets": ["0123"]}, "x-signature"),
        ({"scheme": "github", "secrets": ["It's a Secret to Everybody"]}, "x-hub-signature-256"),
    ],
)
def test_each_scheme_takes_its_secrets(written: dict[str, object], header: str) -> None:
    """Standard Webhooks are the default; the others take any text, also one that looks like a number."""
    settings = settings_from(
        {
            "kafka": {"bootstrap.servers": "127.0.0.1:9092"},
            "endpoints": [{"name": "ci", "url": "http://127.0.0.1:9/", "signing": written}],
        }
    )

    signing = settings.endpoints[0].signing
    assert signing is not None
    assert [Secret(text) for text in written["secrets"]] == list(signing.secrets)  # type: ignore[attr-defined]
    assert header == signing.header


def test_a_signature_header_of_another_scheme_is_a_header_like_any(tmp_path: Path) -> None:
    """Only the header in whose place the signature stands is refused."""
    settings = loaded(tmp_path, endpoint("headers: {X-Signature: b}, signing: {scheme: github, secrets: [a]}"))

    assert (("X-Signature", Secret("b")),) == settings.endpoints[0].headers
