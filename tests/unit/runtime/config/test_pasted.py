"""What stands in registries' own files: taken as it is, or refused with the one thing to do (test_faults)."""

from typing import Any

import pytest

from runtime.config import ConfigurationError, EndpointSettings, Settings
from runtime.config.load import settings_from

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}


def loaded(**keys: Any) -> Settings:
    """Settings with one endpoint that has these keys."""
    return settings_from({"kafka": KAFKA, "endpoints": [{"name": "ci", "url": "https://ci.example.com/hook", **keys}]})


def pasted(**keys: Any) -> EndpointSettings:
    """That endpoint."""
    return loaded(**keys).endpoints[0]


@pytest.mark.parametrize("name", ["my listener", "local/5003", "a:b", 'say "hi"', " ci", "ü-日本", "x" * 100, "🚀"])
def test_a_name_is_any_printable_text(name: str) -> None:
    """Registries' files name their endpoints as people speak of them."""
    assert pasted(name=name).name == name


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00", "x" * 101, "\u202e", "\u2028"])
def test_a_name_that_would_break_a_line_is_refused(name: str) -> None:
    """A name stands in log lines, labels and tables."""
    with pytest.raises(ConfigurationError, match="is not 1 to 100 printable characters"):
        pasted(name=name)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2h", 7200.0),
        ("1h2m3.5s", 3723.5),
        ("1500us", 0.0015),
        ("1500µs", 0.0015),
        (".5s", 0.5),
        ("0", 1.0),
        ("-1s", 1.0),
    ],
)
def test_timeouts_are_gos(written: str, seconds: float) -> None:
    """Whatever Go reads, hours included; 0 and less are the default."""
    assert pasted(timeout=written).timeout_s == seconds


@pytest.mark.parametrize("url", ["", None])
def test_a_disabled_endpoint_needs_no_url(url: str | None) -> None:
    """It is not asked; its cursor is kept all the same."""
    endpoint = pasted(url=url, disabled=True)
    assert (endpoint.url, endpoint.safe_url) == ("", "")


@pytest.mark.parametrize("name", ["Host", "host", "Content-Length", "Trailer", "Transfer-Encoding"])
def test_headers_that_go_does_not_send_are_not_sent(name: str) -> None:
    """A registry takes them and its client leaves them out; so does the worker, and says so without the value."""
    settings = loaded(headers={name: ["hunter2"], "X-A": "1"})
    assert [header for header, _ in settings.endpoints[0].headers] == ["X-A"]
    said = f"endpoints[0].headers.{name}: is not sent, as a registry does not send it either; leave it out"
    assert settings.warnings == (said,)


def test_header_lines_are_kept_one_by_one() -> None:
    """A registry adds a line for each value, and for each spelling of a name."""
    headers = pasted(headers={"X-A": ["1", "2"], "x-a": "3"}).headers
    assert [(name, value.reveal()) for name, value in headers] == [("X-A", "1"), ("X-A", "2"), ("x-a", "3")]


def test_empty_keys_are_absent_ones() -> None:
    """A key whose value was deleted or commented out has its default, as in a registry."""
    keys = ("headers", "timeout", "threshold", "backoff", "ignoredmediatypes", "ignore", "disabled")
    assert pasted(**dict.fromkeys(keys)) == pasted()
