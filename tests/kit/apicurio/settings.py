"""The settings of an Apicurio Registry as Quarkus reads them: where it listens, over TLS or not, and who may ask.

Pure. All of it is configuration that the released program takes; nothing is built anew for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from broker.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate chain and its key, as PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What one registry is told.

    Args:
        name: by which it calls itself in `/apis/registry/v3/system/info`.
        port: where it listens on 127.0.0.1.
        certificate: makes it speak HTTPS there, and nothing else.
        users: name and password of those who may use the Confluent API, by HTTP Basic; all may if there are none.
    """

    name: str
    port: int
    certificate: Certificate | None = None
    users: Mapping[str, str] = field(default_factory=dict)

    def rendered(self) -> str:
        """The `application.properties` file."""
        lines = {**self._basics(), **self._place(), **self._access()}
        return "".join(f"{key}={_escaped(value)}\n" for key, value in lines.items())

    def _basics(self) -> dict[str, str]:
        return {
            "apicurio.app.name": self.name,
            "quarkus.http.host": LOOPBACK,
            # Few connections to a database that is in the same process: quicker to start, smaller.
            "apicurio.datasource.jdbc.initial-size": "1",
            "apicurio.datasource.jdbc.min-size": "1",
            "apicurio.datasource.jdbc.max-size": "8",
        }

    def _place(self) -> dict[str, str]:
        if self.certificate is None:
            return {"quarkus.http.port": str(self.port)}
        return {
            "quarkus.http.ssl-port": str(self.port),
            "quarkus.http.insecure-requests": "disabled",
            "quarkus.http.ssl.certificate.files": str(self.certificate.chain),
            "quarkus.http.ssl.certificate.key-files": str(self.certificate.key),
        }

    def _access(self) -> dict[str, str]:
        if not self.users:
            return {}
        passwords = {f"quarkus.security.users.embedded.users.{name}": word for name, word in self.users.items()}
        roles = {f"quarkus.security.users.embedded.roles.{name}": "sr-admin" for name in self.users}
        return {
            "quarkus.http.auth.basic": "true",
            "quarkus.security.users.embedded.enabled": "true",
            "quarkus.security.users.embedded.plain-text": "true",
            "quarkus.http.auth.permission.confluent.paths": "/apis/ccompat/*",
            "quarkus.http.auth.permission.confluent.policy": "authenticated",
            **passwords,
            **roles,
        }


def _escaped(value: str) -> str:
    """A value as a properties file spells it, where Quarkus replaces no expression."""
    return value.replace("\\", "\\\\").replace("$", "\\\\$")
