"""`signing` of an endpoint: by which scheme its requests are signed, and with what.

A scheme with one signature a request takes one secret: nothing in the request could say which of two it is of.
"""

from typing import Final, get_args

from runtime.config import shape as shapes
from runtime.config.endpoint_settings import EndpointSettings, SigningScheme, SigningSettings
from runtime.config.reading import Section, Value, ValueReader, show_nothing
from runtime.config.secrets import Secret
from runtime.config.shape import Shaped
from runtime.config.value_readers import list_of, one_of
from runtime.standard_webhooks import SECRET_FORM, is_secret

_SCHEMES: Final[tuple[SigningScheme, ...]] = get_args(SigningScheme)
_DEFAULT: Final[SigningScheme] = "standard-webhooks"


def read_signing(value: Value) -> SigningSettings:
    """Read how an endpoint's requests are signed."""
    section = Section(value)
    known = section.read("scheme", one_of(_SCHEMES), None)
    is_refused = known is None and section.take("scheme") is not None
    scheme = known or _DEFAULT
    reader = shared_secret if is_refused or scheme != _DEFAULT else standard_secret
    secrets = section.require("secrets", list_of(_shown_as_text(reader)), "write a list of them")
    if secrets == ():
        section.fault("secrets", "is an empty list; leave signing out to send unsigned")
    if secrets and len(secrets) > 1 and scheme != _DEFAULT:
        section.fault("secrets", f"has {len(secrets)} members; scheme {scheme} sends one signature, so write one")
    section.close()
    return SigningSettings(secrets=secrets or (), scheme=scheme)


def refuse_signed_headers(section: Section, endpoint: EndpointSettings) -> None:
    """Refuse a configured header in whose place the signature stands."""
    if endpoint.signing is None:
        return
    for name in {name for name, _ in endpoint.headers if name.lower() == endpoint.signing.header}:
        section.fault(f"headers.{name}", f"is set by signing.scheme {endpoint.signing.scheme}; leave it out")


def _shown_as_text(reader: ValueReader[Secret]) -> ValueReader[Secret]:
    """The reader, with the shape of what any scheme takes."""
    return Shaped(reader, shapes.ANY_TEXT)


def standard_secret(value: Value) -> Secret:
    """Read a secret of Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes."""
    value = value.shown_by(show_nothing)
    text = value.text()
    if not is_secret(text):
        value.refuse(f"is not a signing secret: {SECRET_FORM}")
    return Secret(text)


def shared_secret(value: Value) -> Secret:
    """Read a text that the receiver has too, byte for byte."""
    value = value.shown_by(show_nothing)
    text = value.text()
    if not text or text != text.strip():
        value.refuse("is not a signing secret: a text that is not empty, with no space or line break around it")
    return Secret(text)
