"""A real S3 server (moto's) as a process on the loopback, with one bucket; it forgets everything when it stops."""

import http.client
import sys
from pathlib import Path

from obstore.store import S3Store

from broker.ports import LOOPBACK, free_port
from tests.kit.child import Child
from tests.kit.running import Running

BUCKET = "lake"
SECRET = "a-secret-that-no-log-shows"


def variables(port: int) -> dict[str, str]:
    """The environment of a program that uses an S3 server at this port."""
    return {
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        **{f"PYICEBERG_CATALOG__LAKE__{key}": text for key, text in _of_iceberg(port).items()},
    }


def _of_iceberg(port: int) -> dict[str, str]:
    """The settings of Iceberg for this server, as its environment names them."""
    return {
        "S3__ENDPOINT": f"http://{LOOPBACK}:{port}",
        "S3__ACCESS_KEY_ID": "tests",
        "S3__SECRET_ACCESS_KEY": SECRET,
        "S3__REGION": "us-east-1",
    }


class S3Server(Running):
    """The server; `folder` gets its log."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._child: Child | None = None

    def begin(self) -> None:
        """Starts the process."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]
        self._child = Child(command, folder=self._folder, log=self._folder / "s3.log")

    def is_up(self) -> bool:
        """Whether its bucket is made."""
        assert self._child is not None
        if why := self._child.died():
            raise RuntimeError(why)
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request("PUT", f"/{BUCKET}")
            assert connection.getresponse().status == 200
        except OSError as error:
            raise AssertionError(error) from error
        finally:
            connection.close()
        return True

    def stop(self) -> None:
        """Kills it."""
        if self._child is not None:
            self._child.kill()

    def store(self, prefix: str) -> S3Store:
        """A client of the bucket, below a prefix."""
        return S3Store(
            BUCKET,
            prefix=prefix,
            endpoint=f"http://{LOOPBACK}:{self.port}",
            access_key_id="tests",
            secret_access_key=SECRET,
            region="us-east-1",
            copy_if_not_exists="multipart",
            client_options={"allow_http": True},
        )

    def of_iceberg(self) -> dict[str, str]:
        """The properties of a catalog of Iceberg tables whose warehouse is here."""
        named = _of_iceberg(self.port)
        return {key.lower().replace("__", ".").replace("_", "-"): text for key, text in named.items()}
