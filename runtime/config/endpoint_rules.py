"""The keys of an endpoint that say which events it gets, and from when on."""

from typing import Final, TypedDict

from runtime.config.filter_values import action, media_type, method, repository_glob, tag_glob, text_glob
from runtime.config.names import registry_label
from runtime.config.quantities import duration
from runtime.config.reading import Section, Value, ValueReader
from runtime.config.value_readers import list_of

_NOTHING: Final[frozenset[str]] = frozenset()
_HOUR, _DAY = 3600.0, 86400.0


class EndpointRules(TypedDict):
    """These settings of `EndpointSettings`, by name."""

    ignored_media_types: frozenset[str]
    ignored_actions: frozenset[str]
    ignored_methods: frozenset[str]
    registries: frozenset[str]
    repositories: tuple[str, ...]
    tags: tuple[str, ...]
    actors: tuple[str, ...]
    useragents: tuple[str, ...]
    delay_s: float
    dedupe_s: float


def read_rules(section: Section) -> EndpointRules:
    """Read them from the section of an endpoint."""
    media_types, actions, methods = section.read("ignore", _ignore, (_NOTHING, _NOTHING, _NOTHING))
    return EndpointRules(
        ignored_media_types=media_types | _all(section, "ignoredmediatypes", media_type),
        ignored_actions=actions,
        ignored_methods=methods,
        registries=frozenset(section.read("registries", list_of(registry_label), ())),
        repositories=section.read("repositories", list_of(repository_glob), ()),
        tags=section.read("tags", list_of(tag_glob), ()),
        actors=section.read("actors", list_of(text_glob), ()),
        useragents=section.read("useragents", list_of(text_glob), ()),
        delay_s=section.read("delay", duration(0.0, _HOUR), 0.0),
        dedupe_s=section.read("dedupe", duration(0.0, _DAY), 0.0),
    )


def _ignore(value: Value) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    section = Section(value)
    found = (
        _all(section, "mediatypes", media_type),
        _all(section, "actions", action),
        _all(section, "methods", method),
    )
    section.close()
    return found


def _all(section: Section, key: str, reader: ValueReader[str]) -> frozenset[str]:
    return frozenset(section.read(key, list_of(reader), ()))
