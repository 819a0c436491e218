"""The section `tls`: of whatever we connect to, whom to trust and who we are; of a listener, what it shows and asks."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from runtime.config.endpoint_settings import TLSSettings
from runtime.config.interpolation import InterpolationError, Sources
from runtime.config.listener_tls import ListenerTLS
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


def read_listener_tls(value: Value) -> ListenerTLS | None:
    """Read the section of a listener; None if a file that it needs is missing or faulty."""
    section = Section(value)
    cert = section.require("cert", _pem_file, "write the PEM file of a certificate")
    key = section.require("key", _pem_file, "write the PEM file of its private key")
    client_ca = section.read("client_ca", _pem_file, None)
    ca = section.read("ca", _pem_file, None)
    section.close()
    if cert is None or key is None:
        return None
    contents = digest_of(value.reading.sources, (cert, key, client_ca))
    return ListenerTLS(cert=cert, key=key, client_ca=client_ca, ca=ca, contents=contents)


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
