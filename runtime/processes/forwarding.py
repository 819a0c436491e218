"""The pages of all children at a child's own address: whoever asks one asks the parent, which answers for all."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from runtime.errors import BridgeError
from runtime.http.asgi import Request, Response, Route
from runtime.http.local_exchange import LIMIT_S, LocalAnswer, local_get
from runtime.processes.shared_questions import SharedQuestions


class ParentPages(SharedQuestions[LocalAnswer]):
    """Asks the parent."""

    def __init__(self, parent: Path) -> None:
        """`parent` is the socket at which it listens."""
        super().__init__()
        self._parent: Final = parent

    async def put(self, path: str) -> LocalAnswer:
        """What it answers; it waits for its children before.

        Raises:
            NoAnswerError, NotEndedError: it does not.
        """
        return await local_get(self._parent, path, limit_s=2 * LIMIT_S)


def forwarded_routes(parent: Path, paths: Iterable[str]) -> list[Route]:
    """A route for each path, to the parent that listens at this socket."""
    pages = ParentPages(parent)

    async def forward(request: Request) -> Response:
        try:
            answer = await pages.ask(request.path)
        except BridgeError as error:
            return Response.json(503, {"error": f"the parent process cannot be asked: {error}"})
        return Response(answer.status, answer.body, content_type=answer.content_type)

    return [Route.get(path, forward) for path in paths]
