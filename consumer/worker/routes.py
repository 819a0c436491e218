"""All routes of a worker's address: each is in the document that it serves."""

from collections.abc import Sequence

from consumer.worker.act_routes import ActsOnEndpoints, act_routes
from consumer.worker.api import worker_api
from runtime.asyncapi import asyncapi
from runtime.config import Settings
from runtime.http.act_guard import ActGuard
from runtime.http.api_routes import api_routes
from runtime.http.asgi import Route


def worker_routes(
    settings: Settings,
    shown: Sequence[Route],
    guard: ActGuard | None,
    acts: ActsOnEndpoints,
    *,
    private: Sequence[Route] = (),
) -> list[Route]:
    """The routes.

    Args:
        settings: name the topics.
        shown: the probes and the pages.
        guard: of acts; None where only our own processes come.
        acts: does them.
        private: routes for our own processes alone, which no document names.
    """
    ours = private if guard is None else ()
    return [*shown, *act_routes(guard, acts), *api_routes(worker_api(), asyncapi(settings)), *ours]
