"""Filters that no event can match are taken, and said."""
# ruff: noqa: E501 - lines stand whole, as a user sees them

from typing import Any

import pytest

from runtime.config.load import load, settings_from
from schemas.actions import KNOWN_ACTIONS
from tests.kit.paths import ROOT

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}
REPOSITORIES = "a repository's name has components of a-z 0-9 with . _ - between them, separated by single slashes"
TAGS = "a tag has up to 128 of the characters A-Z a-z 0-9 _ . - and does not begin with . or -"
METHODS = "it is not the method of a request that makes events; known: GET, HEAD, PUT, POST, DELETE"


def warnings(**keys: Any) -> tuple[str, ...]:
    """What is said of an endpoint with these keys."""
    return settings_from({"kafka": KAFKA, "endpoints": [{"name": "e", "url": "http://a", **keys}]}).warnings


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"ignore": {"actions": ["pull", "puhl"]}},
            f'ignore.actions[1]: "puhl" matches nothing: it is not an event\'s action; known: {KNOWN_ACTIONS}',
        ),
        ({"ignore": {"methods": ["head"]}}, f'ignore.methods[0]: "head" matches nothing: {METHODS}'),
        (
            {"ignore": {"mediatypes": ["application/*"]}},
            'ignore.mediatypes[0]: "application/*" matches nothing: media types are compared exactly, and * has no meaning here',
        ),
        (
            {"ignoredmediatypes": ["octet-stream"]},
            'ignoredmediatypes[0]: "octet-stream" matches nothing: it is not a media type such as application/octet-stream',
        ),
        ({"repositories": ["/library/*"]}, f'repositories[0]: "/library/*" matches nothing: {REPOSITORIES}'),
        (
            {"repositories": ["**", "!library/App*"]},
            f'repositories[1]: "!library/App*" matches nothing: {REPOSITORIES}',
        ),
        ({"tags": ["app/v*"]}, f'tags[0]: "app/v*" matches nothing: {TAGS}'),
        ({"tags": [" "]}, f'tags[0]: " " matches nothing: {TAGS}'),
    ],
)
def test_a_value_that_nothing_matches_is_said(keys: dict[str, Any], said: str) -> None:
    """Its path, itself, and what there is; the file is taken."""
    assert warnings(**keys) == (f"endpoints[0].{said}",)


def test_good_values_are_not_mentioned() -> None:
    """All actions, all methods, no media type, one with a parameter, and globs of every kind."""
    actions, methods = ["push", "pull", "mount", "delete"], ["GET", "HEAD", "PUT", "POST", "DELETE"]
    types = ["", "application/vnd.oci.image.manifest.v1+json", "application/json; charset=utf-8"]
    ignore = {"actions": actions, "methods": methods, "mediatypes": types}
    assert warnings(ignore=ignore, repositories=["library/*", "!library/tmp*"], tags=["v*", "!*-rc*"]) == ()
    assert warnings(actors=["/ any text ü*"], useragents=["!Trivy/*", "docker/2? (x)"]) == ()


def test_what_the_environment_gave_is_not_shown() -> None:
    """As in faults: the reference stands there."""
    endpoint = {"name": "e", "url": "http://a", "tags": ["${X}"]}
    (said,) = settings_from({"kafka": KAFKA, "endpoints": [endpoint]}, {"X": "hunter/2"}).warnings
    assert said == f'endpoints[0].tags[0]: "${{X}}" matches nothing: {TAGS}'


def test_the_example_has_none() -> None:
    """The file that users copy."""
    assert load(ROOT / "bridge.example.yaml", {}).warnings == ()
