"""The trial of Kafka's settings, beside ports on which any connection would be found waiting."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.kafka.trial import refusals

OIDC = {
    "security.protocol": "sasl_ssl",
    "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "oidc",
    "sasl.oauthbearer.client.id": "bridge",
    "sasl.oauthbearer.client.secret": "hunter2hunter2",
}


def test_nobody_is_asked() -> None:
    """Neither brokers nor the endpoint of tokens hear of it."""
    with listening() as (broker, brokers), listening() as (endpoint, tokens):
        address = {"bootstrap.servers": broker, "sasl.oauthbearer.token.endpoint.url": f"http://{endpoint}/token"}
        assert refusals({**OIDC, **address}, max_record_bytes=1 << 25, write_limit_s=1.9, secrets=()) == []
        assert refusals({"bootstrap.servers": broker}, max_record_bytes=1 << 25, write_limit_s=1.9, secrets=()) == []
        for heard in (brokers, tokens):
            with pytest.raises(BlockingIOError):
                heard.accept()


@contextmanager
def listening() -> Iterator[tuple[str, socket.socket]]:
    """A port on which any connection would be found waiting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)  # noqa: FBT003
        yield f"127.0.0.1:{server.getsockname()[1]}", server
