"""A Kafka as managed services are: TLS, SCRAM, client certificates, OAuth tokens, and a limit for records.

A door without any of it is for the tests themselves. The tokens are of an authority that serves its keys, and tokens to
whoever knows the secret, over HTTP on the loopback.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

from broker import LocalKafka, free_port
from broker.ports import LOOPBACK
from runtime.clock import SystemClock
from tests.kit.authority import Authority
from tests.kit.record_size_policy import NAME, kafka_with_policy
from tests.kit.shared_kafka import STEADY

USER, PASSWORD = "bridge", "br1dges-pa55word"
CLIENT, SECRET = "registry-bridge", "cl1ents-s3cret"
AUDIENCE, ISSUER, SCOPE = "kafka", "https://tokens.example.com", "events"
TOKEN_S = 300


class TokenAuthority:
    """An ASGI application: `/keys` has its keys, `/token` gives tokens for client credentials (RFC 6749, 4.4)."""

    def __init__(self) -> None:
        """With a key of its own."""
        self._key = RSAKey.generate_key(2048, {"kid": "one"})
        self.given = 0
        """Tokens so far."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["path"] == "/keys":
            await _answer(send, 200, {"keys": [self._key.as_dict(private=False)]})
            return
        body = parse_qs((await receive())["body"].decode())
        given = dict(scope["headers"]).get(b"authorization", b"").removeprefix(b"Basic ")
        if base64.b64decode(given).decode() != f"{CLIENT}:{SECRET}" or body["grant_type"] != ["client_credentials"]:
            await _answer(send, 401, {"error": "invalid_client"})
            return
        self.given += 1
        await _answer(send, 200, {"access_token": self._token(body["scope"]), "expires_in": TOKEN_S})

    def _token(self, scopes: list[str]) -> str:
        now = int(SystemClock().wall())
        claims = {"sub": CLIENT, "aud": AUDIENCE, "iss": ISSUER, "iat": now, "exp": now + TOKEN_S, "scope": scopes}
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)


async def _answer(send: Any, status: int, content: Mapping[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class ManagedKafka(LocalKafka):
    """The broker; `bootstrap` is the door for the tests themselves."""

    def __init__(self, folder: Path, authority: Authority, tokens: str) -> None:
        """Not started yet; `tokens` is the URL of the authority of tokens."""
        self._authority = authority
        self._folder = folder
        self._tokens = tokens
        ports = {door: free_port() for door in ("CLIENT", "CONTROLLER", "SCRAM", "MTLS", "OAUTH")}
        self._places = {door: f"{LOOPBACK}:{port}" for door, port in ports.items()}
        listeners = [f"{door}://{place}" for door, place in self._places.items()]
        jaas = "org.apache.kafka.common.security.{}LoginModule required;"
        settings = {
            **STEADY,
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(one for one in listeners if not one.startswith("CONTROLLER")),
            "controller.quorum.voters": f"1@{self._places['CONTROLLER']}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,MTLS:SSL,"
            "OAUTH:SASL_PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._keystore()),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(authority.file),
            "listener.name.mtls.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.scram.scram-sha-512.sasl.jaas.config": jaas.format("scram.Scram"),
            "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.oauth.oauthbearer.sasl.jaas.config": jaas.format("oauthbearer.OAuthBearer"),
            "listener.name.oauth.oauthbearer.sasl.server.callback.handler.class": "org.apache.kafka.common.security."
            "oauthbearer.OAuthBearerValidatorCallbackHandler",
            "listener.name.oauth.oauthbearer.sasl.oauthbearer.jwks.endpoint.url": f"{tokens}/keys",
            "listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.audience": AUDIENCE,
            "listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.issuer": ISSUER,
            "create.topic.policy.class.name": NAME,
        }
        super().__init__(
            folder / "data",
            port=ports["CLIENT"],
            settings=settings,
            release=kafka_with_policy(folder),
            jvm=[f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={tokens}/keys"],
        )

    def start(self) -> None:
        """Start it, and give the user his password."""
        super().start()
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(USER, info, PASSWORD.encode())
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for done in admin.alter_user_scram_credentials([change]).values():
            done.result(20)

    def by_password(self, password: str = PASSWORD) -> dict[str, str]:
        """The section `kafka` of a client with a password, over TLS: SCRAM."""
        return {
            "bootstrap.servers": self._places["SCRAM"],
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self._authority.file),
            "sasl.mechanisms": "SCRAM-SHA-512",
            "sasl.username": USER,
            "sasl.password": password,
        }

    def by_certificate(self) -> dict[str, str]:
        """That of a client with a certificate: mutual TLS."""
        files = self._authority.client(self._folder)
        return {
            "bootstrap.servers": self._places["MTLS"],
            "security.protocol": "SSL",
            "ssl.ca.location": str(files.ca),
            "ssl.certificate.location": str(files.cert),
            "ssl.key.location": str(files.key),
        }

    def without_certificate(self) -> dict[str, str]:
        """That of a client which has none, at the same door."""
        own = ("ssl.certificate.location", "ssl.key.location")
        return {name: value for name, value in self.by_certificate().items() if name not in own}

    def by_token(self, secret: str = SECRET) -> dict[str, str]:
        """That of a client which gets tokens: OAUTHBEARER."""
        return {
            "bootstrap.servers": self._places["OAUTH"],
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "OAUTHBEARER",
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.token.endpoint.url": f"{self._tokens}/token",
            "sasl.oauthbearer.client.id": CLIENT,
            "sasl.oauthbearer.client.secret": secret,
            "sasl.oauthbearer.scope": SCOPE,
        }

    def _keystore(self) -> Path:
        """The broker's key and certificate in one file, the key as PKCS 8, which is what Kafka reads."""
        issued = self._authority.ca.issue_cert(LOOPBACK)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = self._folder / "broker.pem"
        file.write_bytes(pem + b"".join(one.bytes() for one in issued.cert_chain_pems))
        return file
