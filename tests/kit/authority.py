"""A certificate authority of the test's own: a server's context, a client's files."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

from runtime.config import TLSSettings


@dataclass
class Authority:
    """A certificate authority of the test's own, its certificate in a file."""

    ca: trustme.CA
    file: Path

    def server(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """A server's side with a certificate for this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(name).configure_cert(context)
        return context

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
