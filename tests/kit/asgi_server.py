"""Serves an ASGI application with uvicorn, in a thread of this process. Knows nothing of what it serves."""

import threading
from types import TracebackType
from typing import Any, Self

import uvicorn

from broker.ports import LOOPBACK, free_port
from tests.kit.eventually import eventually


class ASGIServer:
    """An application on a free loopback port; up from entering it to leaving it, lifespan and all.

    Args:
        app: the ASGI application.
        root_path: where a proxy would have mounted it.
    """

    def __init__(self, app: Any, *, root_path: str = "") -> None:
        self.address = f"{LOOPBACK}:{free_port()}"
        port = int(self.address.rpartition(":")[2])
        config = uvicorn.Config(
            app, host=LOOPBACK, port=port, root_path=root_path, log_level="error", ws="none", proxy_headers=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started, f"no server at {self.address}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
