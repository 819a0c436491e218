"""The section `tls` of whatever we connect to: whom to trust, and who we are."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from runtime.config.endpoint_settings import TLSSettings
from runtime.config.interpolation import InterpolationError, Sources
from runtime.config.reading import Section, Value
from runtime.config.shape import ANY_TEXT, shaped
from runtime.config.value_readers import truth


def read_tls(value: Value) -> TLSSettings:
    """Read the section; what is faulty is recorded and stands at its default."""
    section = Section(value)
    tls = TLSSettings(
        ca=section.read("ca", _pem_file, None),
        cert=section.read("cert", _pem_file, None),
        key=section.read("key", _pem_file, None),
        verify=section.read("verify", truth, default=True),
    )
    missing = [key for key in ("cert", "key") if section.take(key) is None]
    if len(missing) == 1:
        section.fault(missing[0], "is missing; write cert and key together")
    section.close()
    return replace(tls, contents=digest_of(value.reading.sources, (tls.ca, tls.cert, tls.key)))


def digest_of(sources: Sources, files: Iterable[Path | None]) -> str:
    """A digest of what these files hold now, empty without files; one that is gone again counts as empty."""
    found = sha256()
    named = [file for file in files if file]
    for file in named:
        with suppress(OSError, ValueError):
            found.update(sources.read(file).encode())
        found.update(b"\0")
    return found.hexdigest() if named else ""


@shaped(ANY_TEXT)
def _pem_file(value: Value) -> Path:
    """Read the path of a PEM file that is there now, relative to the configuration's folder."""
    path = value.text()
    sources = value.reading.sources
    try:
        content = sources.file(path)
    except InterpolationError as error:
        value.refuse(str(error))
    if "-----BEGIN " not in content:
        value.refuse("is not a PEM file")
    return sources.folder / path
