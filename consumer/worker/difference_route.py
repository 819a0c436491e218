"""`POST /configuration/difference`: what a reload of another configuration would do to this worker. Changes nothing."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from consumer.worker.preparation import Configured
from consumer.worker.reload_plan import chosen, is_shown_otherwise, needs_restart
from runtime.config import EndpointSettings
from runtime.config.comparison import endpoint_values, process_values
from runtime.config.difference import (
    SHORTEST_SALT,
    ChangedEndpoint,
    ComparedConfiguration,
    ComparedEndpoint,
    ConfigurationDifference,
    differing,
)
from runtime.http.act_guard import ActGuard
from runtime.http.asgi import Request, Response, Route

PATH: Final = "/configuration/difference"
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of a body: thousands of endpoints."""


class NoComparisonError(ValueError):
    """What was sent is no configuration to compare with."""


def difference_route(guard: ActGuard | None, configured: Configured, names: Sequence[str]) -> Route:
    """The route.

    Args:
        guard: of who may ask.
        configured: knows the settings in force.
        names: of `--endpoint`; empty: it serves all.
    """

    async def respond(request: Request) -> Response:
        if guard is not None and (refusal := guard.refusal(request)) is not None:
            return refusal
        try:
            other = await _sent(request)
            salt = _salt(other)
        except NoComparisonError as error:
            return Response.json(400, {"error": str(error)})
        return Response.json(200, difference(configured, names, other, salt))

    return Route(("POST",), PATH.__eq__, respond, (PATH,))


def difference(
    configured: Configured, names: Sequence[str], other: ComparedConfiguration, salt: bytes
) -> ConfigurationDifference:
    """What a reload would do."""
    settings = configured.settings
    served = {one.name: one for one in chosen(settings, names)}
    wanted = {name: one for name, one in other.endpoints.items() if one.is_enabled and (not names or name in names)}
    keys = differing(process_values(settings), other.keys, salt)
    late = needs_restart(keys, has_tls=settings.worker.tls is not None and "worker.tls.cert" in other.keys)
    return ConfigurationDifference(
        added=[name for name in wanted if name not in served],
        changed=_changed(served, wanted, salt),
        removed=[name for name in served if name not in wanted],
        taken={key: shown for key, shown in keys.items() if key.startswith("worker.") and key not in late},
        needs_restart={key: keys[key] for key in late},
    )


def _changed(
    served: Mapping[str, EndpointSettings], wanted: Mapping[str, ComparedEndpoint], salt: bytes
) -> dict[str, ChangedEndpoint]:
    found = {}
    for name in wanted.keys() & served.keys():
        if keys := differing(endpoint_values(served[name]), wanted[name].keys, salt):
            found[name] = ChangedEndpoint(keys, not all(map(is_shown_otherwise, keys)))
    return dict(sorted(found.items()))


async def _sent(request: Request) -> ComparedConfiguration:
    body = b""
    async for piece in request.chunks():
        body += piece
        if len(body) > _MOST_BYTES:
            raise NoComparisonError(f"the body is larger than {_MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=ComparedConfiguration)
    except msgspec.DecodeError as error:
        raise NoComparisonError(f"the body is no configuration to compare with: {error}") from error


def _salt(other: ComparedConfiguration) -> bytes:
    try:
        salt = bytes.fromhex(other.salt)
    except ValueError:
        salt = b""
    if len(salt) < SHORTEST_SALT:
        raise NoComparisonError(f"salt is not {SHORTEST_SALT} bytes or more in hexadecimal digits")
    return salt
