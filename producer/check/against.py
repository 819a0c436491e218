"""`check --against URL`: what a reload of the configuration would change at a running worker.

The worker is asked with digests of the values, so no secret leaves this machine; what it answers shows none.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from producer.check.findings import Finding, Severity
from runtime.config.addresses import Address
from runtime.config.comparison import KeyValues, endpoint_values, process_values
from runtime.config.difference import SHORTEST_SALT, ChangedEndpoint, ConfigurationDifference, compared
from runtime.config.listener_tls import ListenerTLS
from runtime.config.secrets import Secret
from runtime.config.settings import Settings
from runtime.errors import BridgeError
from runtime.http.get_json import post

_PATH: Final = "/configuration/difference"
_LIMIT_S: Final = 10.0
_UNAUTHORIZED: Final = 401
_OK: Final = 200
UNSET: Final = "not set"


class NotComparedError(BridgeError):
    """The worker did not say what would change."""


def changes_at(settings: Settings, address: Address, *, is_encrypted: bool) -> Iterator[Finding]:
    """A finding for each endpoint and key that would change, and one if nothing would."""
    tls = settings.worker.tls if is_encrypted else None
    if is_encrypted and tls is None:
        text = f"a worker with TLS at {address} needs worker.tls in the configuration, which says whom to trust"
        yield Finding(Severity.WRONG, text, 2)
        return
    try:
        found = _difference(settings, address, tls)
    except BridgeError as error:
        yield Finding(Severity.WRONG, str(error))
        return
    at = f"reload at {address}"
    lines = [*_endpoints(settings, found), *_keys("", found.taken, process_values(settings))]
    for line in lines:
        yield Finding(Severity.NOTE, f"{at}: {line}")
    for line in _keys("", found.needs_restart, process_values(settings)):
        yield Finding(Severity.WARNING, f"{at}: {line}: needs a restart")
    if not (lines or found.needs_restart):
        yield Finding(Severity.OK, f"{at}: it would change nothing")


def _endpoints(settings: Settings, found: ConfigurationDifference) -> Iterator[str]:
    for name in found.added:
        yield f"endpoint {name} would be added"
    for name in found.removed:
        yield f"endpoint {name} would drain and be served no more; its cursor stays"
    after = {one.name: endpoint_values(one) for one in settings.endpoints}
    for name, changed in found.changed.items():
        yield from _keys(f"endpoint {name}: ", changed.keys, after[name])
        yield f"endpoint {name} would {_what_follows(changed)}"


def _what_follows(changed: ChangedEndpoint) -> str:
    return "drain, and begin anew from its cursor" if changed.begins_anew else "go on, and send the new way at once"


def _keys(of: str, differing: Mapping[str, str | None], after: KeyValues) -> Iterator[str]:
    for key, before in differing.items():
        now = after[key].shown if key in after else UNSET
        yield f"{of}{key}: {before or UNSET} -> {now}" if before != now else f"{of}{key}: another value ({now})"


def _difference(settings: Settings, address: Address, tls: ListenerTLS | None) -> ConfigurationDifference:
    question = msgspec.to_builtins(compared(settings, os.urandom(SHORTEST_SALT)))
    status, content = _answer(address, question, settings.worker.authorization or (None,), tls)
    if status != _OK:
        said = content.get("error") if isinstance(content, dict) else None
        raise NotComparedError(f"the worker at {address} answered {status}{f': {said}' if said else ''}")
    try:
        return msgspec.convert(content, ConfigurationDifference)
    except msgspec.ValidationError as error:
        raise NotComparedError(f"{address} did not answer as a worker of this release: {error}") from error


def _answer(
    address: Address, question: Any, authorizations: Sequence[Secret | None], tls: ListenerTLS | None
) -> tuple[int, Any]:
    """The first answer that is no 401: while a value is rotated, the worker has one of several."""
    status, content = _UNAUTHORIZED, None
    for authorization in authorizations:
        status, content = post(address, _PATH, question, authorization=authorization, limit_s=_LIMIT_S, tls=tls)
        if status != _UNAUTHORIZED:
            break
    return status, content
