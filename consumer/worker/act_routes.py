"""The routes that act on an endpoint: `POST /endpoints/NAME/pause`, `/resume` and `/test`, guarded.

Whoever answers them acts in one process, or in all processes of a worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec
import structlog

from runtime.config.settings import WorkerSettings
from runtime.errors import BridgeError
from runtime.http.act_guard import ActGuard
from runtime.http.asgi import Request, Response, Route
from runtime.http.bindings import Binding, TakenBinding
from runtime.pauses import MOST_REASON

_log: Final = structlog.get_logger(__name__)

PATH: Final = "/endpoints/"
ACTS: Final = ("pause", "resume", "test")
_MOST_BYTES: Final = 4096
"""Of a body: a reason in JSON."""


@dataclass(frozen=True, slots=True)
class ActRequest:
    """One act, as somebody asks for it."""

    act: str
    endpoint: str
    reason: str = ""

    @property
    def path(self) -> str:
        """Where it is asked for, percent-encoded."""
        return f"{PATH}{quote(self.endpoint, safe='')}/{self.act}"


class ActsOnEndpoints(Protocol):
    """Acts on the endpoints that a worker serves."""

    async def act(self, asked: ActRequest) -> tuple[int, Mapping[str, Any]]:
        """Do it; the status of the answer, and its JSON.

        Raises:
            KafkaUnavailableError, KafkaRefusedError: Kafka does not keep it.
        """
        ...


class RefusedActError(BridgeError):
    """What was asked for is no act."""


def act_routes(guard: ActGuard | None, acts: ActsOnEndpoints) -> list[Route]:
    """The routes; without a guard for a socket that only our own processes reach."""

    async def respond(request: Request) -> Response:
        if guard is not None and (refusal := guard.refusal(request)) is not None:
            _log.warning("act.refused", status=refusal.status, url_path=request.path, sender=request.sender)
            return refusal
        try:
            status, answer = await acts.act(await _asked(request))
        except RefusedActError as error:
            return Response.json(400, {"error": str(error)})
        except BridgeError as error:
            return Response.json(503, {"error": str(error)})
        _log.info("act.done", status=status, url_path=request.path, sender=request.sender)
        return Response.json(status, answer)

    return [Route(("POST",), _is_act, respond, tuple(f"{PATH}{{endpoint}}/{act}" for act in ACTS))]


def guard_of(worker: WorkerSettings, binding: Binding) -> ActGuard | None:
    """The guard of a worker's address; none at a socket in a folder, which only our own processes reach."""
    if not isinstance(binding, TakenBinding):
        return None
    return ActGuard(worker.listen, worker.authorization, is_open=worker.is_open, key="worker.authorization")


def _is_act(path: str) -> bool:
    return path.startswith(PATH) and path.endswith(tuple(f"/{act}" for act in ACTS)) and len(_split(path)[0]) > 0


def _split(path: str) -> tuple[str, str]:
    """Endpoint and act: a name may have slashes in it."""
    endpoint, _, act = path.removeprefix(PATH).rpartition("/")
    return endpoint, act


async def _asked(request: Request) -> ActRequest:
    """What is asked for.

    Raises:
        RefusedActError: the body is none.
    """
    endpoint, act = _split(request.path)
    body = b""
    async for piece in request.chunks():
        body += piece
        if len(body) > _MOST_BYTES:
            raise RefusedActError(f"the body is larger than {_MOST_BYTES} bytes")
    try:
        content = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # by text that is none, and by depth
        raise RefusedActError(f"the body is no JSON: {error}") from error
    match content:
        case {"reason": str(reason)} if len(reason) <= MOST_REASON:
            return ActRequest(act, endpoint, reason)
        case dict() if "reason" not in content:
            return ActRequest(act, endpoint)
    raise RefusedActError(f'the body is not {{"reason": TEXT}} with at most {MOST_REASON} characters')
