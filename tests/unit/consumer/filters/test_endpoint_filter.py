"""What an endpoint asked for: the registry's own cases under their names, then what is ours."""

from typing import Any

import pytest

from consumer.filters.endpoint_filter import Filter
from runtime.config import EndpointSettings
from schemas import ActorRecord, Event, RequestRecord, Target


def _filter(**settings: Any) -> Filter:
    return Filter(EndpointSettings(name="ci", url="http://127.0.0.1:9/", **settings))


def _passes(event: Event, **settings: Any) -> bool:
    return _filter(**settings).rule_against(event) is None


def _ignoring(event: Event, media_types: list[str], actions: list[str]) -> bool:
    return _passes(event, ignored_media_types=frozenset(media_types), ignored_actions=frozenset(actions))


_PUSH_BLOB = Event(action="push", target=Target(media_type="blob"))
_PULL_MANIFEST = Event(action="pull", target=Target(media_type="manifest"))


@pytest.mark.parametrize(
    ("media_types", "actions", "passes"),
    [
        ([], [], True),
        (["other"], ["other"], True),
        (["blob", "manifest"], ["other"], False),
        (["other"], ["pull"], True),
        (["other"], ["pull", "push"], False),
        ([], ["pull"], True),
        ([], ["push"], False),
        ([], ["mount", "delete"], True),
    ],
)
def test_i1_a_push_of_a_blob(media_types: list[str], actions: list[str], passes: bool) -> None:  # noqa: FBT001 - a table
    """I1: the registry's cases for IgnoredSink, event push of media type blob."""
    assert passes is _ignoring(_PUSH_BLOB, media_types, actions)


@pytest.mark.parametrize(
    ("media_types", "actions", "passes"),
    [
        ([], [], True),
        (["other"], ["other"], True),
        (["blob"], ["other"], True),
        (["blob", "manifest"], ["other"], False),
        (["other"], ["push"], True),
        (["other"], ["pull", "push"], False),
        ([], ["push"], True),
        ([], ["pull"], False),
        ([], ["mount", "delete"], True),
    ],
)
def test_i2_a_pull_of_a_manifest(media_types: list[str], actions: list[str], passes: bool) -> None:  # noqa: FBT001 - a table
    """I2: the registry's cases for IgnoredSink, event pull of media type manifest."""
    assert passes is _ignoring(_PULL_MANIFEST, media_types, actions)


@pytest.mark.parametrize(
    ("media_types", "actions", "left"),
    [
        ([], [], ["blob", "manifest"]),
        (["other"], ["other"], ["blob", "manifest"]),
        (["blob"], ["other"], ["manifest"]),
        (["blob", "manifest"], ["other"], []),
        (["other"], ["push"], ["manifest"]),
        (["other"], ["pull"], ["blob"]),
        (["other"], ["pull", "push"], []),
    ],
)
def test_i1_prime_both_at_once(media_types: list[str], actions: list[str], left: list[str]) -> None:
    """I1': the cases of registry 2.8, both events at once, in their order."""
    events = [_PUSH_BLOB, _PULL_MANIFEST]
    assert left == [event.target.media_type for event in events if _ignoring(event, media_types, actions)]


def test_a_missing_media_type_is_empty_text() -> None:
    """As in the registry: deletes have none, so only listing the empty text catches them."""
    delete = Event(action="delete", target=Target(digest="sha256:0a"))
    assert _ignoring(delete, ["application/octet-stream"], [])
    assert not _ignoring(delete, [""], [])
    assert _ignoring(_PUSH_BLOB, [""], [])


@pytest.mark.parametrize(("media_type", "passes"), [("blob", False), ("Blob", True), ("blob;x", True), ("blo", True)])
def test_media_types_are_exact(media_type: str, passes: bool) -> None:  # noqa: FBT001 - a table
    """Exact and case-sensitive, no globs, as in the registry."""
    assert passes is _ignoring(Event(target=Target(media_type=media_type)), ["blob", "*"], ["*"])


def test_methods() -> None:
    """Ignoring HEAD drops the pulls that only asked, and nothing else."""
    ignoring = _filter(ignored_methods=frozenset({"HEAD"}))
    assert "ignore.methods" == ignoring.rule_against(Event(request=RequestRecord(method="HEAD")))
    assert None is ignoring.rule_against(Event(request=RequestRecord(method="GET")))
    assert None is ignoring.rule_against(Event())


@pytest.mark.parametrize(
    ("registry", "registries", "passes"),
    [
        ("eu", [], True),
        ("", [], True),
        ("eu", ["eu", "us"], True),
        ("asia", ["eu", "us"], False),
        ("", ["eu"], False),
    ],
)
def test_registries(registry: str, registries: list[str], passes: bool) -> None:  # noqa: FBT001 - a table
    """Labels are exact; an event without one passes only where none is asked for."""
    assert passes is _passes(Event(registry=registry), registries=frozenset(registries))


@pytest.mark.parametrize(
    ("repository", "patterns", "passes"),
    [
        ("library/app", (), True),
        ("library/app", ("library/*",), True),
        ("other/app", ("library/*",), False),
        ("library/tmp1", ("library/*", "!library/tmp*"), False),
        ("", (), True),
        ("", ("!library/*",), True),
        ("", ("!a", "!b"), True),
        ("", ("**",), False),
        ("", ("!a", "b"), False),
        ("", ("library/*", "!library/tmp*"), False),
    ],
)
def test_repositories(repository: str, patterns: tuple[str, ...], passes: bool) -> None:  # noqa: FBT001 - a table
    """An event without a repository passes only an absent or all-negative list."""
    assert passes is _passes(Event(target=Target(repository=repository)), repositories=patterns)


@pytest.mark.parametrize(
    ("tag", "patterns", "passes"),
    [
        ("v1", (), True),
        ("v1", ("v*", "!*-rc*"), True),
        ("v1-rc1", ("v*", "!*-rc*"), False),
        ("latest", ("v*",), False),
        ("latest", ("!v*",), True),
        ("", (), True),
        ("", ("**",), False),
        ("", ("!v*",), False),
    ],
)
def test_tags(tag: str, patterns: tuple[str, ...], passes: bool) -> None:  # noqa: FBT001 - a table
    """An event without a tag passes only an absent list."""
    assert passes is _passes(Event(target=Target(tag=tag)), tags=patterns)


@pytest.mark.parametrize(
    ("name", "patterns", "passes"),
    [
        ("", (), True),
        ("", ("!robot*",), True),
        ("", ("!*",), True),
        ("", ("*",), False),
        ("ann", ("!*",), False),
        ("robot$ci", ("!robot*",), False),
        ("ann", ("!robot*",), True),
        ("corp/ann", ("corp*",), True),
        ("corp/ann", ("co?p?ann",), True),
        ("Corp/ann", ("corp*",), False),
    ],
)
def test_actors_and_user_agents(name: str, patterns: tuple[str, ...], passes: bool) -> None:  # noqa: FBT001 - a table
    """Globs over any text, in which a slash is a character like others; an event without one as with repositories."""
    assert passes is _passes(Event(actor=ActorRecord(name=name)), actors=patterns)
    assert passes is _passes(Event(request=RequestRecord(useragent=name)), useragents=patterns)


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"ignored_media_types": frozenset({"blob"})}, "ignore.mediatypes"),
        ({"ignored_actions": frozenset({"push"})}, "ignore.actions"),
        ({"ignored_methods": frozenset({"PUT"})}, "ignore.methods"),
        ({"registries": frozenset({"us"})}, "registries"),
        ({"repositories": ("other/*",)}, "repositories"),
        ({"tags": ("v*",)}, "tags"),
        ({"actors": ("!robot*",)}, "actors"),
        ({"useragents": ("docker/*",)}, "useragents"),
        ({"tags": ("v*",), "ignored_actions": frozenset({"push"})}, "ignore.actions"),
        ({}, None),
    ],
)
def test_the_rule_is_named(settings: dict[str, Any], rule: str | None) -> None:
    """The first rule against an event is named by its key in the configuration."""
    target = Target(media_type="blob", repository="library/app", tag="latest")
    request, actor = RequestRecord(method="PUT", useragent="skopeo/1.9"), ActorRecord(name="robot$ci")
    event = Event(action="push", target=target, request=request, actor=actor, registry="eu")
    assert rule == _filter(**settings).rule_against(event)
