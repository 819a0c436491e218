"""The `Forwarded` header, as the registry reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.bridge.forwarded import forwarded_parameters


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("proto=https", {"proto": "https"}),
        ('For=192.0.2.43; Proto=https,For="[2001:db8:cafe::17]",For=unknown', {"for": "192.0.2.43", "proto": "https"}),
        ('for="192.0.2.43:443"; host="registry.example.org", for="10.10.05.40:80"',
         {"for": "192.0.2.43:443", "host": "registry.example.org"}),
        ('  for=_x  ;\thost = "a"  ', {"for": "_x", "host": "a"}),
        ('host="a\\"b\\\\c"', {"host": 'a"b\\c'}),
        ('host=""', {"host": ""}),
        ("proto=http;", {"proto": "http"}),
    ],
)  # fmt: skip
def test_the_first_element_is_read(header: str, expected: dict[str, str]) -> None:
    """Names are case-insensitive, values tokens or quoted; what later proxies wrote does not count."""
    assert expected == forwarded_parameters(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "proto",
        "proto=",
        "=https",
        "proto https",
        'host="open',
        "a=b=c",
        "a=1;a=2",
        "proto=https host=x",
        "a=b;;",
    ],
)
def test_malformed_headers_have_no_parameters(header: str) -> None:
    """Half-understood is not understood."""
    assert forwarded_parameters(header) == {}


@given(st.text(st.sampled_from('ab=;," \\\t(\x00é'), max_size=30))
def test_reading_is_total(header: str) -> None:
    """Any text has parameters, with lower-case names, or none."""
    assert all(name and name == name.lower() for name in forwarded_parameters(header))


def test_hostile_headers_cost_nothing() -> None:
    """Long nearly valid headers are judged without backtracking for ever (the test's timeout is the proof)."""
    for header in ('a="' + "x" * 200_000, "a=b;" * 50_000, " " * 200_000 + "a", 'a="' + "\\x" * 100_000, "a" * 200_000):
        assert forwarded_parameters(header) == {}
