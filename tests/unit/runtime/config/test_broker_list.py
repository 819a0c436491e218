"""What a list of brokers is: what the client library reads as it is written, and nothing else."""

import re

import pytest

from runtime.config.broker_list import BROKER_LIST, broker_list_fault, brokers_in, shown_brokers


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a:1", "a:65535", "127.0.0.1:9092", "kafka_1.x-y.example.com.:9092", "[::1]", "[::1]:9092"),
        *("[fe80::1%eth0]:9092", "PLAINTEXT://a:1", "plaintext://[::1]:1", "a:1,b:2", " a:1 , b:2\n", "1a:1"),
    ],
)
def test_a_list_is_taken(text: str) -> None:
    """Each broker a name or an address, with or without a port and the protocol of all connections."""
    assert "" == broker_list_fault(text, "PlainText")
    assert re.fullmatch(BROKER_LIST, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *[(f"a:1,b:{port}", "has a port that is not") for port in ("0", "65536", "99999", "abc", "", "+1", " 1", "٣")],
        *[(f"{text}:1", "is not a list of brokers; ") for text in ("", "a b", "-a", "é", "[::g]", "[::1", "a\x00")],
        *[(text, "is not a list of brokers; ") for text in ("", " ", "a,", ",a", "a,,b", "9092", "1.5", "[::1]x")],
        *[(f"{name}://a:1", "has a protocol other than PLAINTEXT, SSL, SASL") for name in ("http", "", "SASL")],
        ("sasl_ssl://a:1", "names another protocol than security.protocol"),
        *[(text, "has an IPv6 address without brackets") for text in ("::1", "fe80::1%eth0", "::1:9092")],
        *[(text, "has a port that is not") for text in ("h1:9092;h2:9092", "h1:9092 h2:9092")],
        *[(text, "is not a list of brokers; ") for text in ("999.1.1.1:9092", "1.2.3.256")],
        ("a:1,u:p@b:1", "has an @"),
    ],
)
def test_what_is_no_list_is_refused(text: str, says: str) -> None:
    """By what is wrong with it, and without repeating it."""
    assert broker_list_fault(text, "plaintext").startswith(says)


def test_nothing_before_an_at_is_shown() -> None:
    """A password may stand there."""
    assert ("***", '"a:0"') == (shown_brokers("u:hunter2@a:1"), shown_brokers("a:0"))


def test_space_around_brokers_is_no_part_of_them() -> None:
    """The client library would take it for a part of a name."""
    assert ["a:1", "b"] == brokers_in(" a:1 , b\n")
