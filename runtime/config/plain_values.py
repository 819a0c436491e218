"""Values that are nobody's keys, read as YAML has them: for what is given on as it stands, such as a sink's options."""

import math
from typing import TypeAlias

import yaml

from runtime.config.document import Scalar
from runtime.config.reading import Value

PlainValue: TypeAlias = "bool | int | float | str | list[PlainValue] | dict[str, PlainValue] | None"


def plain_value(value: Value) -> PlainValue:
    """Read a value with all that is in it; a scalar with a reference (`${...}`) is text, whatever comes of it."""
    if isinstance(value.node, dict):
        return {key: plain_value(member) for key, member in value.members()}
    if isinstance(value.node, list):
        return [plain_value(member) for member in value.items()]
    return _scalar(value, value.node)


def _scalar(value: Value, scalar: Scalar) -> PlainValue:
    if scalar.kind == "null":
        return None
    if scalar.kind == "text" or value.is_interpolated:
        return value.text()
    found = yaml.safe_load(scalar.written)
    if isinstance(found, bool | int):
        return found
    number = float(found)  # YAML 1.1 takes 1e9 for text
    return number if math.isfinite(number) else value.refuse("is not a finite number")
