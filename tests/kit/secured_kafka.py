"""A Kafka with three doors: without authentication (for the tests themselves), with a password, and with TLS.

Who comes through the first may do everything; of those with a password, each only what it was given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from broker import LocalKafka, free_port
from broker.ports import LOOPBACK
from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.shared_kafka import STEADY

_EVERY = AclBindingFilter(
    ResourceType.ANY,
    None,  # type: ignore[arg-type]  # of any name
    ResourcePatternType.ANY,
    None,  # type: ignore[arg-type]
    None,  # type: ignore[arg-type]
    AclOperation.ANY,
    AclPermissionType.ANY,
)
USERS: Mapping[str, str] = {
    "worker": "w0rkers-pa55word",
    "checker": "ch3ckers-pa55word",
    "starter": "st4rters-pa55word",
    "asker": "4skers-pa55word",
    "intake": "1ntakes-pa55word",
}


@dataclass(frozen=True, slots=True)
class Right:
    """What a user may do to a resource; a name that ends in `*` is a prefix."""

    resource: ResourceType
    name: str
    operations: tuple[AclOperation, ...]

    def bindings(self, user: str) -> Iterable[AclBinding]:
        """As the cluster keeps it."""
        prefixed = self.name.endswith("*")
        pattern = ResourcePatternType.PREFIXED if prefixed else ResourcePatternType.LITERAL
        for operation in self.operations:
            yield AclBinding(
                self.resource,
                self.name.removesuffix("*"),
                pattern,
                f"User:{user}",
                "*",
                operation,
                AclPermissionType.ALLOW,
            )


class SecuredKafka(LocalKafka):
    """The broker; `bootstrap` is the door without authentication."""

    def __init__(self, data: Path) -> None:
        """Not started yet."""
        client, controller, sasl = free_port(), free_port(), free_port()
        self.sasl = f"{LOOPBACK}:{sasl}"
        users = "".join(f' user_{name}="{password}"' for name, password in USERS.items())
        login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        doors = f"CLIENT://{LOOPBACK}:{client},SASL://{self.sasl}"
        settings = {
            **STEADY,
            "listeners": f"{doors},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": doors,
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl.plain.sasl.jaas.config": f"{login}{users};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }
        super().__init__(data, port=client, settings=settings)

    def allow(self, user: str, *rights: Right) -> None:
        """Give a user these rights; they count when this returns."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        wanted = {binding for right in rights for binding in right.bindings(user)}
        for done in admin.create_acls(list(wanted)).values():
            done.result(LIMIT_S)
        eventually(lambda: wanted <= set(admin.describe_acls(_EVERY).result(LIMIT_S)))  # the broker learns of it later

    def as_user(self, user: str, password: str = "") -> dict[str, str]:
        """The section `kafka` of somebody who comes through the door with a password."""
        return {
            "bootstrap.servers": self.sasl,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": user,
            "sasl.password": password or USERS[user],
        }
