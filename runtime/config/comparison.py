"""Two configurations, held against each other key by key; a secret is compared and never shown. Pure."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, TypeAlias

from runtime.config.addresses import Address
from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.networks import Networks
from runtime.config.secrets import MASK, Secret
from runtime.config.settings import Settings
from runtime.config.start import Ago, At, Start
from runtime.config.template import Template
from runtime.rfc3339 import shown_ms
from runtime.units import format_duration, format_size

UNSET: Final = "not set"
SOURCES: Final = "intake.sources."
"""How the keys of sources begin; the source's name follows."""


@dataclass(frozen=True, slots=True)
class KeyValue:
    """The value of one key."""

    exact: str = field(repr=False)
    """As it is, secrets included: equal if and only if the values are."""
    shown: str
    """For people: without secrets."""


KeyValues: TypeAlias = Mapping[str, KeyValue]
"""By the key's path, as in the file; a key that is not set, and has no default, is left out."""

_NAMES: Final[Mapping[str, str]] = {
    "ignored_media_types": "ignore.mediatypes",
    "ignored_actions": "ignore.actions",
    "ignored_methods": "ignore.methods",
    "bootstrap_servers": "bootstrap.servers",
    "folder": "dir",
}
"""Keys that are not called as their setting; others lose the unit at most."""
_SECONDS, _BYTES = "_s", "_bytes"
_ELSEWHERE: Final = frozenset(
    {"safe_url", "is_open", "contents", "headers", "properties", "name", "endpoints", "sources"}
)
"""Settings that are part of another key's value, or keys by themselves."""


def endpoint_values(endpoint: EndpointSettings) -> KeyValues:
    """The keys of one endpoint, below its own path, without its name."""
    found = dict(_members("", endpoint))
    if endpoint.sink is not None:
        del found["url"]
    for at, (name, secret) in enumerate(endpoint.headers):
        before = found.get(f"headers.{name}")
        exact = f"{before.exact if before else ''}\0{at}\0{secret.reveal()}"
        found[f"headers.{name}"] = KeyValue(exact, MASK)
    return found


def process_values(settings: Settings) -> KeyValues:
    """The keys of all sections but `endpoints`."""
    found = dict(_members("", settings))
    for name, value in settings.kafka.properties.items():
        found[f"kafka.{name}"] = _value(name, value)
    for source in settings.intake.sources:
        found.update(_members(f"{SOURCES}{source.name}.", source))
    if settings.intake.is_open:
        found["intake.authorization"] = KeyValue("none", "none")
    return found


def changed_keys(before: KeyValues, after: KeyValues) -> list[str]:
    """The keys whose values differ, in order."""
    every = {**before, **after}
    return sorted(key for key in every if _exact(before, key) != _exact(after, key))


def listener_keys(section: str) -> frozenset[str]:
    """The keys of a listener's TLS, which it takes while it runs, unless TLS comes or goes."""
    return frozenset(f"{section}.tls.{key}" for key in ("cert", "key", "client_ca", "ca", "files"))


def digests(values: KeyValues, salt: bytes) -> dict[str, str]:
    """By key: what tells whether two values are equal to whoever knows one of them, under the same salt."""
    return {key: hmac.digest(salt, f"{key}\0{value.exact}".encode(), "sha256").hex() for key, value in values.items()}


def _exact(values: KeyValues, key: str) -> str | None:
    return values[key].exact if key in values else None


def _members(path: str, section: Any) -> Iterable[tuple[str, KeyValue]]:
    for member in fields(section):
        name, value = member.name, getattr(section, member.name)
        if name in _ELSEWHERE or not member.compare or value is None or value == ():
            continue
        if isinstance(value, Networks):  # of the worker, for all its endpoints
            yield "worker.allow_networks", _value(name, value.allow)
            yield "worker.deny_networks", _value(name, value.deny)
            continue
        key = path + _NAMES.get(name, name.removesuffix(_SECONDS).removesuffix(_BYTES))
        if is_dataclass(value) and not isinstance(value, Start | Address | Template):
            yield from _members(f"{key}.", value)
        elif name == "url":
            yield key, KeyValue(value, section.safe_url)
        else:
            yield key, _value(name, value)
    if getattr(section, "contents", ""):
        yield f"{path}files", KeyValue(section.contents, "what the files hold")


def _value(name: str, value: Any) -> KeyValue:
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        parts = [_value(name, one) for one in value]
        return KeyValue(
            "\0".join([str(len(parts)), *(part.exact for part in parts)]),
            f"[{', '.join(part.shown for part in parts)}]",
        )
    if isinstance(value, Secret):
        return KeyValue(value.reveal(), MASK)
    if isinstance(value, Template):
        return KeyValue(repr(value.pieces), "a template")
    return KeyValue(repr(value), _shown(name, value))


def _shown(name: str, value: Any) -> str:
    if isinstance(value, Start):
        return _start_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if name.endswith(_SECONDS):
        return format_duration(value)
    return format_size(value) if name.endswith(_BYTES) else str(value)


def _start_text(start: Start) -> str:
    match start:
        case At(epoch_s=moment):
            return shown_ms(round(moment * 1000))
        case Ago(seconds=seconds):
            return f"-{format_duration(seconds)}"
    return type(start).__name__.lower()
