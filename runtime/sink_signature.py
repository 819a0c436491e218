"""Whether the code of a sink can be called as the worker will call it: judged by its signature, without a call."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

RECORD: Final = "record"
"""A `write` with a parameter of this name is told where in the log the event lies."""
_LONGEST_LIST: Final = 10


def fault_of_options(factory: Callable[..., object], options: Mapping[str, Any]) -> str:
    """Why a factory cannot be called with these keyword arguments; empty if it can. Shows no value."""
    signature = _signature(factory)
    if signature is None or (fault := _fault_of(signature, **options)) == "":
        return ""
    named = {name: one for name, one in signature.parameters.items() if one.kind in _BY_NAME}
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.parameters.values())
    unknown = [] if takes_all else [name for name in options if name not in named]
    missing = [name for name, one in named.items() if one.default is one.empty and name not in options]
    faults = [f"it takes no {name}{near(name, named)}" for name in unknown] + [f"{name} is missing" for name in missing]
    return ", ".join(faults) or fault


def fault_of_writing(write: Callable[..., object]) -> str:
    """Why `write` of a sink cannot be called with an event; empty if it can."""
    signature = _signature(write)
    return "" if signature is None else _fault_of_write(signature)


def fault_of_class(factory: Callable[..., object]) -> str:
    """The same before a sink is made, if its factory is a class; empty if only the sink itself can show it."""
    write = inspect.getattr_static(factory, "write", None) if inspect.isclass(factory) else None
    signature = _signature(write) if inspect.isfunction(write) else None
    return "" if signature is None else _fault_of_write(signature, None)


def wants_record(write: Callable[..., object]) -> bool:
    """Whether `write` has a parameter for the record."""
    signature = _signature(write)
    return signature is not None and RECORD in signature.parameters


def near(name: str, known: Mapping[str, object]) -> str:
    """A guess at what was meant by a name that is not known, or all that are known; empty if there are too many."""
    if found := get_close_matches(name, known, 1):
        return f" (did you mean {found[0]}?)"
    return f" (it has {', '.join(known)})" if 0 < len(known) <= _LONGEST_LIST else ""


_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _fault_of_write(signature: inspect.Signature, *self: None) -> str:
    placed = {RECORD: None} if RECORD in signature.parameters else {}
    fault = _fault_of(signature, *self, None, **placed)
    shown = ", ".join(["event", *placed])
    return f"write does not take ({shown}): {fault}" if fault else ""


def _fault_of(signature: inspect.Signature, *args: Any, **keywords: Any) -> str:
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        return str(error)
    return ""


def _signature(function: Callable[..., object]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):  # some builtins have none
        return None
