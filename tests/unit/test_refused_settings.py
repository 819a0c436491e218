"""A setting that Kafka's client library refuses ends every command before it has done anything."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from consumer.cli import commands as worker_commands
from producer.cli import commands as bridge_commands
from runtime.config import ConfigurationError

GROUPS: Mapping[str, click.Group] = {"registry-bridge": bridge_commands, "registry-worker": worker_commands}
FILE = """
kafka: {bootstrap.servers: "127.0.0.1:1", foo.bar: x, security.protocol: SSL, ssl.key.pem: hunter2}
endpoints: [{name: ci, url: "http://127.0.0.1:9/"}]
"""


def examples(group: click.Group) -> Iterator[list[str]]:
    """The example of each command that reads the configuration, as its help shows it, up to where its output goes."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from examples(command)
        elif any(parameter.name == "config" for parameter in command.params):
            yield shlex.split((command.epilog or "").partition("Example: ")[2].partition(" > ")[0])


@pytest.mark.parametrize(
    "words", [words for group in GROUPS.values() for words in examples(group)], ids=lambda words: " ".join(words[:3])
)
def test_every_command_refuses_it(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2 and the key's path; never the value of a secret."""
    (tmp_path / "bridge.yaml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    program, *arguments = words
    with pytest.raises(ConfigurationError) as refused:
        GROUPS[program].main(arguments, standalone_mode=False)
    assert refused.value.exit_code == 2
    assert "kafka.foo.bar: " in str(refused.value)
    assert "hunter2" not in str(refused.value)
