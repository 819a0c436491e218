"""The sample configuration, wherever this package was installed."""

from importlib.resources import files
from pathlib import Path
from typing import Final

NAME: Final = "bridge.example.yaml"


def example_configuration() -> str:
    """Its text: a wheel has it in this package, a checkout at its root."""
    packaged = files("producer") / NAME
    return (packaged if packaged.is_file() else Path(__file__).parents[1] / NAME).read_text("utf-8")
