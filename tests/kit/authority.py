"""A certificate authority of the test's own: a server's context, a client's files."""

import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme

from runtime.config import TLSSettings


@dataclass
class Authority:
    """A certificate authority of the test's own, its certificate in a file."""

    ca: trustme.CA
    file: Path

    def server(self, name: str = "127.0.0.1", *, expired: bool = False) -> ssl.SSLContext:
        """A server's side with a certificate for this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        before, after = (datetime(2020, 1, day, tzinfo=UTC) if expired else None for day in (1, 2))
        self.ca.issue_cert(name, not_before=before, not_after=after).configure_cert(context)
        return context

    def listener(self, folder: Path, name: str = "127.0.0.1") -> dict[str, str]:
        """A server's certificate and key as files in this folder, by the keys of `intake.tls` and `worker.tls`."""
        cert, key = folder / "listener.pem", folder / "listener.key"
        issued = self.ca.issue_cert(name)
        cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key)
        return {"cert": str(cert), "key": str(key)}

    def client(self, folder: Path) -> TLSSettings:
        """A client's certificate and key, as files; trusts this authority."""
        issued = self.ca.issue_cert("worker@example.com")
        cert, key = folder / "client.pem", folder / "client.key"
        cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        return TLSSettings(ca=self.file, cert=cert, key=key)


def authority(folder: Path) -> Authority:
    """Make an authority."""
    ca, file = trustme.CA(), folder / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return Authority(ca, file)


def self_signed(folder: Path, name: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """What `openssl req -x509` makes by default: an authority's certificate (CA:TRUE) that a server shows as its own.

    Its file, and the server's side with it.
    """
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
    files = ["-keyout", str(key), "-out", str(cert), "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
