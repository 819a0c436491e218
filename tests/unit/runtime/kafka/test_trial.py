"""The client library itself, asked what it refuses: no broker, no network, no secret repeated."""

import logging
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from hypothesis import given
from hypothesis import strategies as st

from runtime.kafka.property_kinds import CONSUMER_ONLY, PRODUCER_ONLY
from runtime.kafka.trial import Refusal, property_refusal, refusals

SECRET = "hunter2hunter2"
OIDC = {
    "security.protocol": "sasl_ssl",
    "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "oidc",
    "sasl.oauthbearer.client.id": "bridge",
    "sasl.oauthbearer.client.secret": SECRET,
}


CLASSIC = {"group.protocol": "classic"}


def whole(settings: dict[str, str], *secrets: str) -> list[Refusal]:
    """What is refused of settings as a whole."""
    return refusals(settings, max_record_bytes=1 << 25, write_limit_s=1.9, secrets=secrets)


@pytest.mark.parametrize(
    ("name", "value"),
    [("linger.ms", "5"), ("fetch.max.bytes", "1000000"), ("sasl.password", ""), ("security.protocol", "SASL_SSL")],
)
def test_a_good_property_is_taken(name: str, value: str) -> None:
    """Of whatever kind of client, and also where it makes sense only beside others."""
    assert property_refusal(name, value, secret=False) is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("foo.bar", "x", 'No such configuration property: "foo.bar"'),
        ("enable.partition.eof", "maybe", 'Expected bool value for "enable.partition.eof": true or false'),
        ("debug", "some", 'Invalid value "some" for configuration property "debug"'),
        ("log_cb", "x", 'Property "log_cb" must be set through dedicated .._set_..() function'),
    ],
)
def test_a_bad_property_is_refused_in_the_librarys_words(name: str, value: str, said: str) -> None:
    """On one line, and by the name as it was given."""
    assert property_refusal(name, value, secret=False) == said


@pytest.mark.parametrize("name", ["debug", "acks", "linger.ms", "log_level", "plugin.library.paths", "no.such"])
@given(value=st.text(st.characters(categories=["L", "N"]), min_size=8, max_size=30))
def test_no_refusal_repeats_a_secret(name: str, value: str) -> None:
    """Whatever the value is and whichever property it was given to."""
    assert value not in (property_refusal(name, f"{value}x", secret=True) or "")


def test_settings_that_go_together_are_taken() -> None:
    """A setting of one kind of client keeps no other from being made."""
    assert whole({"linger.ms": "100", "fetch.max.bytes": "60000000", "session.timeout.ms": "20000"} | CLASSIC) == []


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        (
            {"max.in.flight": "6"},
            Refusal("max.in.flight", "`max.in.flight` must be set <= 5 when `enable.idempotence` is true"),
        ),
        ({"fetch.max.bytes": "10"}, Refusal("fetch.max.bytes", "`fetch.max.bytes` must be >= `message.max.bytes`")),
        ({"linger.ms": "1900"}, Refusal("linger.ms", "`message.timeout.ms` must be greater than `linger.ms`")),
        (
            {"security.protocol": "sasl_ssl", "sasl.mechanisms": SECRET},
            Refusal("sasl.mechanisms", "Unsupported SASL mechanism: ***"),
        ),
        (
            OIDC,
            Refusal(
                "sasl.oauthbearer.method",
                "`sasl.oauthbearer.token.endpoint.url` is mandatory when `sasl.oauthbearer.method=oidc` is set",
            ),
        ),
    ],
)
def test_what_only_shows_in_the_whole_is_refused_once(settings: dict[str, str], refusal: Refusal) -> None:
    """By the property to blame, whichever kinds of clients have the check; no secret is repeated."""
    assert whole(settings, SECRET) == [refusal]


VALUES = {
    **dict.fromkeys(("compression.codec", "compression.type"), "gzip"),
    **dict.fromkeys(("check.crcs", "enable.gapless.guarantee"), "true"),
    "compression.level": "1",
    "group.protocol": "classic",
    "group.protocol.type": "consumer",
    "offset.store.path": "x",
    "queuing.strategy": "lifo",
}
"""Values that are no default; others take a number."""


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, Producer) for name in sorted(CONSUMER_ONLY)] + [(name, Consumer) for name in sorted(PRODUCER_ONLY)],
)
def test_a_property_of_the_other_kind_is_ignored(name: str, kind: Any) -> None:
    """The library itself says of each property in our lists that this kind of client passes over it."""
    said: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    log = logging.Logger("trial")  # noqa: LOG001 - one that no other test has
    log.addHandler(Keeping())
    settings = {"group.id": "x"} if kind is Consumer else {}
    client = kind({name: VALUES.get(name, "10001"), "logger": log, **settings})
    client.poll(0.01)
    assert any("property and will be ignored by this" in line for line in said), said


def test_a_programs_own_way_to_a_token_is_not_gone() -> None:
    """It would go over the network, and whoever is away there is no fault of the settings."""
    asked: list[str] = []

    def token(config: str) -> tuple[str, float]:
        asked.append(config)
        raise OSError("away")

    signs_in = {"security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER", "oauth_cb": token}
    assert ([], []) == (refusals(signs_in, max_record_bytes=1024, write_limit_s=1.9, secrets=()), asked)
