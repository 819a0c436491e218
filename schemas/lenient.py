"""A typed value from any JSON value: each member that fits its type is taken, any other is left at its default.

Pure and total: this is the rule "a value that does not fit its type is null there" (docs/topic.md). Nothing is
lost by it, since an event that needed it keeps its own text in `original`.
"""

from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

_S = TypeVar("_S", bound=Struct)


def fitting(value: Any, struct: type[_S]) -> _S:
    """The `struct` that the fitting members of `value` make; all defaults if it is no object."""
    if not isinstance(value, dict):
        return struct()
    members: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        found = _fit(value.get(field.encode_name), field.type)
        if found is not None:
            members[field.name] = found
    return struct(**members)


def _fit(value: Any, wanted: Any) -> Any:
    """`value` as far as it fits the type, or None if it does not."""
    if value is None:
        return None
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is list:
        items = value if isinstance(value, list) else []
        return [item for item in (_fit(item, arguments[0]) for item in items) if item is not None]
    if origin is dict:
        entries = value if isinstance(value, dict) else {}
        return {key: item for key, item in entries.items() if _is_text(key) and _is_text(item)}
    struct = next((kind for kind in (wanted, *arguments) if isinstance(kind, type) and issubclass(kind, Struct)), None)
    if struct is not None:
        return fitting(value, struct) if isinstance(value, dict) else None
    return _scalar(value, wanted)


def _scalar(value: Any, wanted: Any) -> Any:
    if isinstance(value, str):
        return value if wanted is str and _is_text(value) else None
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        return None


def _is_text(value: Any) -> bool:
    """Whether it is text that UTF-8 can carry: JSON may hold lone surrogates, which it cannot."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
