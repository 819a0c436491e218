"""Faults of a configuration that a test writes to a file: exactly the lines that a user sees."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.config import ConfigurationError, Settings
from runtime.config.load import load

KAFKA = "kafka: {bootstrap.servers: 127.0.0.1:9092}\n"


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Load a file with this text."""
    path = folder / "bridge.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ or {})


def faults(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Load a file that must be refused."""
    with pytest.raises(ConfigurationError) as refused:
        loaded(folder, text, environ)
    return [fault.replace(str(folder / "bridge.yaml"), "FILE") for fault in refused.value.faults]
