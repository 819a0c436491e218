"""Files that a configuration names: regular files, and nothing that could hang or fill the memory."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.config import (
    ConfigurationError,
)
from runtime.config.load import load
from tests.kit.configurations import loaded


@pytest.mark.parametrize("key", ["url: '${file:pipe}'", "url: 'http://a', tls: {ca: pipe}"])
def test_a_pipe_in_place_of_a_file_is_refused(tmp_path: Path, key: str) -> None:
    """Nobody writes into it, so reading it would wait for ever, without a word."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, f"kafka: {{bootstrap.servers: 'a:1'}}\nendpoints: [{{name: e, {key}}}]")
    (fault,) = refused.value.faults
    assert fault.startswith("endpoints[0].")
    assert fault.endswith("cannot be read: not a regular file")


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "/"])
def test_a_device_or_folder_is_no_regular_file(tmp_path: Path, path: str) -> None:
    """What may never end is not read for a value."""
    with pytest.raises(ConfigurationError, match=r"cannot be read: (not a regular file|Is a directory)"):
        loaded(tmp_path, f"kafka: {{bootstrap.servers: '${{file:{path}}}'}}")


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    """Secrets mounted by Kubernetes are links."""
    (tmp_path / "..data").write_text("a:1")
    (tmp_path / "brokers").symlink_to("..data")
    assert loaded(tmp_path, "kafka: {bootstrap.servers: '${file:brokers}'}").kafka.bootstrap_servers == "a:1"


def test_the_configuration_itself_may_be_a_pipe(tmp_path: Path) -> None:
    """`-c <(sops -d bridge.yaml)` works: whoever names a pipe there writes into it."""
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit((tmp_path / "pipe").write_text, "kafka: {bootstrap.servers: 'a:1'}")
        assert load(tmp_path / "pipe", {}).kafka.bootstrap_servers == "a:1"
        written.result()
