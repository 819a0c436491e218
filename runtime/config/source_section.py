"""The list `intake.sources`: keys, bounds and defaults of each sender."""

import re
from typing import Final, get_args

from runtime.config import shape as shapes
from runtime.config.faults import RefusedValue
from runtime.config.http_values import asked_authorization, header_name
from runtime.config.names import registry_label
from runtime.config.reading import Section, Value, ValueReader, show_nothing
from runtime.config.secrets import Secret
from runtime.config.shape import Shaped, shaped
from runtime.config.signing_section import shared_secret, standard_secret
from runtime.config.source_settings import (
    DEFAULT_DROPS,
    ENVELOPE_FORMATS,
    SIGNATURE_HEADERS,
    HMACScheme,
    HMACSettings,
    Kept,
    SourceFormat,
    SourceSettings,
)
from runtime.config.value_readers import list_of, matching, one_of, text_or_list
from schemas.names import LABEL

_FORMATS: Final[tuple[SourceFormat, ...]] = get_args(SourceFormat)
_SHA256: Final[HMACScheme] = "sha256"
_SCHEMES: Final[tuple[HMACScheme, ...]] = get_args(HMACScheme)
_KEPT: Final[tuple[Kept, ...]] = get_args(Kept)
_DEEPEST_MEMBER: Final = 16
_IN_A_QUERY: Final = re.compile(r"[!\"$'-~]+", re.ASCII)
"""Visible ASCII without `#`, `%` and `&`: whoever types it into a URL is understood."""
_TOKEN_TEXT: Final = shapes.text(_IN_A_QUERY.pattern)
_member: Final = matching(
    rf"[^.\x00-\x1f\x7f]+(\.[^.\x00-\x1f\x7f]+){{0,{_DEEPEST_MEMBER - 1}}}",
    "is not the path of a member; write the names by dots, e.g. actor.user",
)


def sources_with(authorization: tuple[Secret, ...]) -> Shaped[tuple[SourceSettings, ...]]:
    """The reader of the list; `authorization` is asked for where a source does not say it."""

    def read(value: Value) -> tuple[SourceSettings, ...]:
        sources: list[SourceSettings] = []
        paths: dict[str, str] = {}
        for item in value.items():
            try:
                source = read_source(item, authorization)
            except RefusedValue:
                continue
            sources.append(source)
            if paths.setdefault(source.name, item.path) != item.path:
                item.at("name").note(f"is the name of {paths[source.name]} too; names are unique")
        return tuple(sources)

    return Shaped(read, shapes.array(read_source))


def read_source(value: Value, authorization: tuple[Secret, ...] = ()) -> SourceSettings:
    """Read one source; raises RefusedValue with the faults recorded."""
    section = Section(value)
    name = section.require("name", _name, "every source has one of its own, which ends the path that it POSTs to")
    format_ = section.require("format", one_of(_FORMATS), f"write one of {', '.join(_FORMATS)}")
    asked, _ = section.read("authorization", asked_authorization, (authorization, False))
    source = SourceSettings(
        name=name or "",
        format=format_ or "distribution",
        registry=section.read("registry", registry_label, name or ""),
        authorization=asked,
        hmac=section.read("hmac", _hmac_of(format_), None),
        token=section.read("token", _tokens, ()),
        keep=section.read("keep", one_of(_KEPT), "images"),
        drop=section.read("drop", list_of(_member), DEFAULT_DROPS.get(format_ or "distribution", ())),
    )
    if source.keep == "all" and format_ in ENVELOPE_FORMATS:
        value.at("keep").warn(f"has no effect: all events of format {format_} are kept")
    section.close()
    if name is None or format_ is None:
        raise RefusedValue
    return source


@shaped(shapes.text(r"[a-z0-9._-]{1,63}"))
def _name(value: Value) -> str:
    """Read the last part of a path; of dots alone it would be another path."""
    name = registry_label(value)
    return name if LABEL.fullmatch(name) else value.refuse("is of dots alone, which would be another path")


def _hmac_of(format_: SourceFormat | None) -> ValueReader[HMACSettings]:
    def read(value: Value) -> HMACSettings:
        section = Section(value)
        scheme = section.read("scheme", one_of(_SCHEMES), _SHA256)
        header = section.read("header", header_name, None)
        secret = section.require("secret", _secrets_of(scheme), "write the text that the sender signs with")
        own = SIGNATURE_HEADERS.get(format_) if format_ else None
        if scheme == "standard-webhooks" and header is not None:
            section.fault("header", "cannot be combined with scheme standard-webhooks, which has headers of its own")
        if scheme == _SHA256 and header is None and own is None and section.take("header") is None and format_:
            section.fault("header", f"is missing; format {format_} has no header of its own; write e.g. X-Signature")
        section.close()
        if not secret:
            raise RefusedValue
        return HMACSettings(secret=secret, scheme=scheme, header="" if scheme != _SHA256 else header or own or "")

    return read


def _secrets_of(scheme: HMACScheme) -> Shaped[tuple[Secret, ...]]:
    one = standard_secret if scheme == "standard-webhooks" else shared_secret

    def read(value: Value) -> tuple[Secret, ...]:
        found = text_or_list(one)(value)
        return found or value.fail("is an empty list; leave hmac out to ask for no signature")

    return Shaped(read, shapes.either(shapes.ANY_TEXT, shapes.array(shapes.ANY_TEXT)))


@shaped(shapes.either(_TOKEN_TEXT, shapes.array(_TOKEN_TEXT)))
def _tokens(value: Value) -> tuple[Secret, ...]:
    found = text_or_list(_token)(value)
    return found or value.fail("is an empty list; leave token out to ask for none")


def _token(value: Value) -> Secret:
    value = value.shown_by(show_nothing)
    text = value.text()
    if not _IN_A_QUERY.fullmatch(text):
        value.refuse(
            "is not a token for a URL: visible ASCII characters, at least one, without spaces, # % and &; "
            "make one e.g. with openssl rand -hex 32"
        )
    return Secret(text)
