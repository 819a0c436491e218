"""Settings for TLS and SASL that the protocol to the brokers does not use are taken, and said."""

import pytest

from runtime.config.load import settings_from

UNUSED = "has no effect, since security.protocol is"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"sasl.mechanisms": "PLAIN", "sasl.password": "hunter2"},
            (
                f"kafka.sasl.mechanisms: {UNUSED} PLAINTEXT; write SASL_SSL",
                f"kafka.sasl.password: {UNUSED} PLAINTEXT; write SASL_SSL",
            ),
        ),
        (
            {"security.protocol": "sasl_plaintext", "sasl.mechanisms": "PLAIN", "ssl.key.password": "hunter2"},
            (f"kafka.ssl.key.password: {UNUSED} SASL_PLAINTEXT; write SSL or SASL_SSL",),
        ),
        (
            {"security.protocol": "SSL", "sasl.username": "bridge", "ssl.key.password": "hunter2"},
            (f"kafka.sasl.username: {UNUSED} SSL; write SASL_SSL",),
        ),
        ({"security.protocol": "SASL_SSL", "sasl.mechanisms": "PLAIN", "ssl.key.password": "hunter2"}, ()),
        ({"linger.ms": "5"}, ()),
    ],
)
def test_unused(settings: dict[str, str], said: tuple[str, ...]) -> None:
    """By the key, without its value: whoever forgets the protocol speaks to his brokers in the clear."""
    assert settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9092", **settings}}).warnings == said


@pytest.mark.parametrize(("protocol", "warned"), [("SASL_SSL", 0), ("PLAINTEXT", 1)])
def test_a_protocol_of_the_environment_counts(protocol: str, warned: int) -> None:
    """Its value is not shown, but it is what the connections have."""
    kafka = {"bootstrap.servers": "a:1", "security.protocol": "${PROTOCOL}", "sasl.mechanisms": "PLAIN"}
    assert warned == len(settings_from({"kafka": kafka}, {"PROTOCOL": protocol}).warnings)
