"""Serves an ASGI application with uvicorn, in a thread of this process. Knows nothing of what it serves."""

import threading
from typing import Any

import uvicorn

from broker.ports import LOOPBACK, free_port
from tests.kit.running import Running


class ASGIServer(Running):
    """An application on a free loopback port, lifespan and all.

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

    def begin(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def is_up(self) -> bool:
        """Whether connections are accepted."""
        if not self._server.started and not self._thread.is_alive():
            raise RuntimeError(f"no server at {self.address}")
        return self._server.started

    def stop(self) -> None:
        """Ends the application's lifespan and the thread."""
        self._server.should_exit = True
        self._thread.join()
