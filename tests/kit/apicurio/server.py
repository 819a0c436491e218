"""Starts a real Apicurio Registry on the loopback: a schema registry that speaks Confluent's API, kept in memory.

Knows the program and its life; its settings and the meaning of ready have modules of their own. It calls nobody.
"""

import os
import ssl
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from broker import LocalKafkaError
from broker.class_data import archive_of, options_of
from broker.java import find_java
from broker.ports import LOOPBACK, free_port, is_free
from tests.kit.apicurio.errors import ApicurioError
from tests.kit.apicurio.program import unpacked
from tests.kit.apicurio.readiness import CONFLUENT, Place, wait_until_ready
from tests.kit.apicurio.settings import Certificate, Settings
from tests.kit.authority import Authority
from tests.kit.child import Child
from tests.kit.running import Running

READY_SECONDS = 180.0
# Quick to start and small: the first compiler alone is ample for a few requests.
JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dfile.encoding=UTF-8")
NOBODY: Mapping[str, str] = MappingProxyType({})


class Apicurio(Running):
    """An Apicurio Registry 3.0 that forgets everything when it stops.

    It keeps its port, so it can be down for a while and come back empty.

    Args:
        folder: where its settings and log go.
        port: where it listens on 127.0.0.1; 0 takes a free one.
        authority: makes it speak HTTPS, with a certificate of this authority for 127.0.0.1.
        users: name and password of those who may use it, by HTTP Basic; all may if there are none.
        environment: where java is looked for; the process's own by default.
        jvm: further options of its Java.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        authority: Authority | None = None,
        users: Mapping[str, str] = NOBODY,
        environment: Mapping[str, str] = os.environ,
        jvm: Sequence[str] = (),
    ) -> None:
        self.log = folder / "apicurio.log"
        self.port = port or free_port()
        self._folder = folder
        self._authority = authority
        self._users = users
        self._environment = environment
        self._jvm = jvm
        self._child: Child | None = None
        self._name = ""

    @property
    def url(self) -> str:
        """The base of its Confluent-compatible API, without user info or a slash at the end."""
        return f"{'https' if self._authority else 'http'}://{LOOPBACK}:{self.port}{CONFLUENT}"

    @property
    def pid(self) -> int:
        """The process id; raises ApicurioError if it does not run."""
        if self._child is None or self._child.died() is not None:
            raise ApicurioError("Apicurio Registry does not run")
        return self._child.pid

    def begin(self) -> None:
        """Starts the process.

        Raises:
            ApicurioError: it runs already, cannot be brought, or finds its port taken.
        """
        if self._child is not None and self._child.died() is None:
            raise ApicurioError(f"Apicurio Registry runs already (pid {self._child.pid})")
        command = self._command()
        if not is_free(self.port):
            raise ApicurioError(f"port {self.port} of {LOOPBACK} is taken: stop what listens there or choose another")
        self._name = f"tests-{uuid.uuid4().hex}"
        self._write(Settings(self._name, self.port, self._certificate(), self._users))
        self._child = Child(command, folder=self._folder, log=self.log)

    def is_up(self) -> bool:
        """Whether it serves schemas; waits until it does.

        Raises:
            ApicurioError: it dies, or is not ready in 180 s.
        """
        assert self._child is not None
        wait_until_ready(self._place(), self._name, died=self._child.died, seconds=READY_SECONDS)
        return True

    def died(self) -> str | None:
        """Why it is gone, in one line; None while it runs and before the first start."""
        return None if self._child is None else self._child.died()

    def stop(self) -> None:
        """Kills it, for it has nothing to save, and returns when it is gone. Quiet if it does not run."""
        if self._child is not None:
            self._child.kill()

    def _command(self) -> list[str]:
        try:
            java = find_java(self._environment)
        except LocalKafkaError as error:
            raise ApicurioError(f"Apicurio Registry cannot be started: {error}") from error
        jar = unpacked()
        options = [*JVM, *options_of(archive_of(java, [jar])), *self._jvm, f"-Djava.io.tmpdir={self._folder / 'tmp'}"]
        return [java, *options, "-jar", str(jar)]

    def _place(self) -> Place:
        tls = None if self._authority is None else ssl.create_default_context(cafile=self._authority.file)
        return Place(f"{LOOPBACK}:{self.port}", tls)

    def _write(self, settings: Settings) -> None:
        """Quarkus reads `config/application.properties` of the folder it runs in."""
        for folder in ("config", "tmp"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        (self._folder / "config" / "application.properties").write_text(settings.rendered())

    def _certificate(self) -> Certificate | None:
        if self._authority is None:
            return None
        self._folder.mkdir(parents=True, exist_ok=True)
        issued = self._authority.ca.issue_cert(LOOPBACK)
        certificate = Certificate(self._folder / "server.pem", self._folder / "server.key")
        certificate.chain.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        certificate.key.write_bytes(issued.private_key_pem.bytes())
        return certificate
