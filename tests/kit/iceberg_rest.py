"""A catalog of Iceberg tables that speaks the REST protocol, for the tests: a catalog in SQLite behind HTTP.

Of the protocol it has what a writer of one table asks for. Its next commits can be made to go wrong: refused as
overloaded, or done without an answer, as when a connection breaks.
"""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table import CommitTableRequest, Table

from tests.kit.running import Running

OVERLOADED = "overloaded"
UNANSWERED = "unanswered"
_STATUSES = {
    NoSuchTableError: 404,
    TableAlreadyExistsError: 409,
    NamespaceAlreadyExistsError: 409,
    CommitFailedException: 409,
}


class RestCatalog(Running):
    """The server; its tables are below `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.catalog = SqlCatalog("behind", uri=f"sqlite:///{folder}/catalog.db", warehouse=folder.as_uri())
        self.faults: deque[str] = deque()
        """What goes wrong with the next commits, one each."""
        self.commits = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def uri(self) -> str:
        """Where clients find it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def begin(self) -> None:
        """Starts the thread that accepts."""
        handler = type("Handler", (_Handler,), {"behind": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Closes it."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.catalog.close()


class _Unanswered(Exception):  # noqa: N818 - it is none: the connection ends
    """What was asked is done, and nobody is told."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behind: ClassVar[RestCatalog]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""

    def do_GET(self) -> None:
        """The configuration, or a table."""
        if self.path.startswith("/v1/config"):
            self._answer(200, {"defaults": {}, "overrides": {}})
        else:
            self._guarded(lambda: _described(self.behind.catalog.load_table(self._table())))

    def do_HEAD(self) -> None:
        """Whether a namespace is there."""
        self._answer(204, None)

    def do_POST(self) -> None:
        """Make a namespace or a table, or commit."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = self.path.removeprefix("/v1/").split("/")
        if parts == ["namespaces"]:
            self._guarded(lambda: self._namespace(json.loads(body)))
        elif len(parts) == 3:
            self._guarded(
                lambda: self._create(
                    CreateTableRequest.model_validate({"location": None, **json.loads(body)}), parts[1]
                )
            )
        else:
            self._guarded(lambda: self._commit(CommitTableRequest.model_validate_json(body)))

    def _table(self) -> tuple[str, ...]:
        parts = self.path.partition("?")[0].split("/")
        return (parts[-3], parts[-1])

    def _namespace(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.behind.catalog.create_namespace(tuple(asked["namespace"]))
        return asked

    def _create(self, asked: CreateTableRequest, namespace: str) -> dict[str, Any]:
        spec = asked.partition_spec or UNPARTITIONED_PARTITION_SPEC
        made = self.behind.catalog.create_table(
            (namespace, asked.name), asked.table_schema, partition_spec=spec, properties=asked.properties
        )
        return _described(made)

    def _commit(self, asked: CommitTableRequest) -> dict[str, Any]:
        self.behind.commits += 1
        fault = self.behind.faults.popleft() if self.behind.faults else None
        if fault == OVERLOADED:
            raise OSError(fault)
        catalog = self.behind.catalog
        catalog.commit_table(catalog.load_table(self._table()), asked.requirements, asked.updates)
        if fault == UNANSWERED:
            raise _Unanswered
        return _described(catalog.load_table(self._table()))

    def _guarded(self, act: Any) -> None:
        try:
            self._answer(200, act())
        except tuple(_STATUSES) as error:
            self._fail(_STATUSES[type(error)], error)
        except OSError as error:
            self._fail(503, error)
        except _Unanswered:
            self.close_connection = True

    def _fail(self, status: int, error: Exception) -> None:
        self._answer(status, {"error": {"message": str(error), "type": type(error).__name__, "code": status}})

    def _answer(self, status: int, body: dict[str, Any] | None) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _described(table: Table) -> dict[str, Any]:
    return {
        "metadata-location": table.metadata_location,
        "metadata": json.loads(table.metadata.model_dump_json()),
        "config": {},
    }
