"""Configurations of tests: written to a file and loaded, or of one endpoint alone."""

from collections.abc import Mapping
from pathlib import Path

from runtime.config import (
    Settings,
)
from runtime.config.load import load, settings_from

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Load a file with this text."""
    path = folder / "bridge.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ or {})


def with_endpoint(**keys: object) -> Settings:
    """Validate one endpoint with these keys."""
    endpoint = {"name": "ci", "url": "https://ci.example.com/hook", **keys}
    return settings_from({"kafka": KAFKA, "endpoints": [endpoint]})
