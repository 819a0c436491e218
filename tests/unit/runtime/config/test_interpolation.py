"""References to the environment and to files, and the means of YAML itself."""

from pathlib import Path

import pytest

from runtime.config import (
    Address,
    Secret,
)
from tests.kit.configurations import loaded


def test_references_are_read_as_the_keys_type(tmp_path: Path) -> None:
    """What the environment or a file gives is read as its key's type, whether quoted or not."""
    (tmp_path / "token").write_text("Bearer s3cret\r\n")
    text = """
kafka: {bootstrap.servers: "${BROKERS}", sasl.password: "$$5${PASSWORD}", linger.ms: '${LINGER:-5}'}
topics:
  partitions: ${P:-12}
  retention: '${R}'
intake: {authorization: "${file:token}", max_body: '${BODY:-1MiB}', listen: "${HOST:-[::1]}:0"}
endpoints: [{name: "${N}", url: "https://x/${PATH_TOKEN}", disabled: "${OFF:-true}"}]
"""
    environ = {"BROKERS": "a:1,b:2", "PASSWORD": "p${X}", "P": "", "R": "1d", "N": "ci", "PATH_TOKEN": "t0ken"}

    settings = loaded(tmp_path, text, environ)

    assert settings.kafka.revealed() == {"bootstrap.servers": "a:1,b:2", "sasl.password": "$5p${X}", "linger.ms": "5"}
    assert (settings.topics.partitions, settings.topics.retention_s) == (12, 86400.0)
    assert ((Secret("Bearer s3cret"),), 2**20) == (settings.intake.authorization, settings.intake.max_body_bytes)
    assert Address("::1", 0) == settings.intake.listen
    (endpoint,) = settings.endpoints
    assert (
        endpoint.name,
        endpoint.url,
        endpoint.safe_url,
        endpoint.disabled,
    ) == ("ci", "https://x/t0ken", "https://x/${PATH_TOKEN}", True)


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    """What endpoints share can be written once; an endpoint's own keys win."""
    text = """
kafka: {bootstrap.servers: 'a:1'}
endpoints:
  - &base {name: a, url: 'http://a', timeout: 2s, threshold: 3}
  - {<<: *base, name: b, threshold: 4}
"""
    second = loaded(tmp_path, text).endpoints[1]

    assert (second.name, second.url, second.timeout_s, second.threshold) == ("b", "http://a", 2.0, 4)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://x/${PATH_TOKEN}", "https://x/${PATH_TOKEN}"),
        ("https://${HOST}/${PATH_TOKEN}", "https://ci.example.com/${PATH_TOKEN}"),
        ("https://u:${PATH_TOKEN}@${HOST}:8443/a?k=${PATH_TOKEN}", "https://***@ci.example.com:8443/a?***"),
        ("https://${SUBDOMAIN:-a}.${HOST}/hooks", "https://a.ci.example.com/hooks"),
        ("https://${HOST}${PATH}", "https://ci.example.com/***"),
        ("https://${BEGUN}/b", "https://ci.example.com/***"),
        ("${URL}", "https://***@ci.example.com/***"),
        ("${ROOT}", "https://ci.example.com/"),
        ("https://${HOST}", "https://ci.example.com"),
    ],
)
def test_the_path_of_an_url_is_shown_as_it_is_written(tmp_path: Path, written: str, shown: str) -> None:
    """Paths can be secrets: one that the environment gave is not shown, wherever the host comes from."""
    environ = {
        "HOST": "ci.example.com",
        "PATH": "/t0ken",
        "PATH_TOKEN": "t0ken",
        "BEGUN": "ci.example.com/t0ken",
        "URL": "https://u:p@ci.example.com/t0ken?k=v",
        "ROOT": "https://ci.example.com/",
    }
    text = f"kafka: {{bootstrap.servers: 'a:1'}}\nendpoints: [{{name: a, url: '{written}'}}]"

    (endpoint,) = loaded(tmp_path, text, environ).endpoints

    assert shown == endpoint.safe_url
