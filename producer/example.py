"""The sample configuration and its JSON Schema, wherever this package was installed."""

from importlib.resources import files
from pathlib import Path
from typing import Final

_SAMPLE: Final = "bridge.example.yaml"
_SCHEMA: Final = "bridge.schema.json"
_CHECKOUT: Final = {_SAMPLE: _SAMPLE, _SCHEMA: f"docs/{_SCHEMA}"}
"""Where a checkout has them; a wheel has them in this package."""


def example_configuration() -> str:
    """The sample; editors that know its first line look for the schema beside it, or where a checkout has it."""
    text = _text(_SAMPLE)
    return text.replace(_CHECKOUT[_SCHEMA], _SCHEMA, 1) if _is_packaged(_SAMPLE) else text


def configuration_schema() -> str:
    """The JSON Schema of the configuration."""
    return _text(_SCHEMA)


def _is_packaged(name: str) -> bool:
    return (files("producer") / name).is_file()


def _text(name: str) -> str:
    found = files("producer") / name if _is_packaged(name) else Path(__file__).parents[1] / _CHECKOUT[name]
    return found.read_text("utf-8")
