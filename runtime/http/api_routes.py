"""The routes that say what there is: `/openapi.json` for HTTP, `/asyncapi.json` for the topics."""

from collections.abc import Mapping
from typing import Any

from runtime.http.asgi import Request, Response, Route


def api_routes(openapi: Mapping[str, Any], asyncapi: Mapping[str, Any]) -> list[Route]:
    """Answers these documents; they stay as they are while the process runs."""
    return [_document("/openapi.json", openapi), _document("/asyncapi.json", asyncapi)]


def _document(path: str, content: Mapping[str, Any]) -> Route:
    answer = Response.json(200, content)

    async def respond(_: Request) -> Response:
        return answer

    return Route.get(path, respond)
