"""`/attempts`: what was sent of late, by the question in the query."""

from typing import Protocol

from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion, question_of
from runtime.http.asgi import Request, Response, Route


class AttemptsView(Protocol):
    """Knows the last attempts of a worker, in one process or in several."""

    async def attempts(self, question: AttemptQuestion) -> FoundAttempts:
        """Those that are asked for."""
        ...


def attempts_route(view: AttemptsView) -> Route:
    """The route of a worker."""

    async def attempts(request: Request) -> Response:
        try:
            question = question_of(request.query)
        except ValueError as error:
            return Response.json(400, {"error": str(error)})
        return Response.json(200, await view.attempts(question))

    return Route.get("/attempts", attempts)
