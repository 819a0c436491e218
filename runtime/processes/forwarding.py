"""The pages of all children at a child's own address: whoever asks one asks the parent, which answers for all."""

from collections.abc import Iterable
from pathlib import Path

from runtime.errors import BridgeError
from runtime.http.asgi import Request, Response, Route
from runtime.http.local_get import LIMIT_S, local_get


def forwarded_routes(parent: Path, paths: Iterable[str]) -> list[Route]:
    """A route for each path, to the parent that listens at this socket."""

    async def forward(request: Request) -> Response:
        try:
            answer = await local_get(parent, request.path, limit_s=2 * LIMIT_S)
        except BridgeError as error:
            return Response.json(503, {"error": f"the parent process cannot be asked: {error}"})
        return Response(answer.status, answer.body, content_type=answer.content_type)

    return [Route.get(path, forward) for path in paths]
