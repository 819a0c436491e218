"""Where an endpoint begins: the five ways to write it, and no other."""

from pathlib import Path

import pytest

from runtime.config import (
    Ago,
    At,
    Beginning,
    ConfigurationError,
    End,
    New,
    Start,
)
from tests.kit.configurations import loaded, with_endpoint


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("new", New()),
        ("beginning", Beginning()),
        ("end", End()),
        ("-24h", Ago(86400.0)),
        ("-1d12h", Ago(129600.0)),
        ("1970-01-02T00:00:00Z", At(86400.0)),
        ("1970-01-01T02:00:00.123456789+02:00", At(0.123456)),
        ("1970-01-01 00:00:00z", At(0.0)),
    ],
)
def test_a_start_is_one_of_five(tmp_path: Path, written: str, expected: Start) -> None:
    """A start is a word, a time or a time ago; an unquoted time in YAML is one too."""
    text = f"kafka: {{bootstrap.servers: 'a:1'}}\nendpoints:\n- name: a\n  url: http://a\n  start: {written}\n"

    assert expected == loaded(tmp_path, text).endpoints[0].start


@pytest.mark.parametrize(
    "start", ["-0s", "0s", "24h", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "2026-01-31", "New", "-"]
)
def test_nothing_else_is_a_start(start: str) -> None:
    """A time without offset, a day that is none, and a time ahead are refused."""
    with pytest.raises(ConfigurationError, match="is not a place to start"):
        with_endpoint(start=start)
