"""From an endpoint's `sink: MODULE:FACTORY` to the factory: imported, held against its `options`, and not called."""

import importlib
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

from runtime.cli.terminal import printable
from runtime.config import EndpointSettings
from runtime.errors import BridgeError
from runtime.sink_signature import fault_of_class, fault_of_options, near

Factory = Callable[..., object]

_LONGEST: Final = 500
_OURS: Final = ("consumer", "runtime")
"""The packages whose functions call a sink: a line of theirs tells its author nothing."""
_INSTALL: Final = "install it beside the worker, or name its folder in PYTHONPATH"


class SinkSettingsError(BridgeError):
    """No factory can be had by the name that an endpoint gives, or it does not take the endpoint's options."""

    exit_code: ClassVar[int] = 2


def options_of(endpoint: EndpointSettings) -> dict[str, Any]:
    """The keyword arguments of the factory."""
    found: dict[str, Any] = json.loads(endpoint.options.reveal()) if endpoint.options else {}
    return found


def factory_of(endpoint: EndpointSettings) -> Factory:
    """The factory of an endpoint's sink: imported, unless a program gave it.

    Raises:
        SinkSettingsError: its module cannot be imported, has no such factory, or that takes other arguments.
    """
    found = _named(endpoint) if endpoint.factory is None else endpoint.factory
    if not callable(found):
        what = f"an object of {type(found).__name__} is no factory"
        raise _error(endpoint, f"{what}; give the class, or a function that makes the sink")
    factory: Factory = found
    if fault := fault_of_options(factory, options_of(endpoint)):
        raise _error(endpoint, f"its factory does not take these options: {fault}")
    if fault := fault_of_class(factory):
        raise _error(endpoint, fault)
    return factory


def told(error: BaseException) -> str:
    """An exception in one line, with the place in a sink's code where it was raised, if it was raised there."""
    text = str(error).strip()
    place = "" if isinstance(error, SyntaxError) else _place(error) or _place(error.__cause__)
    return printable(f"{type(error).__name__}{f': {text}' if text else ''}"[:_LONGEST] + place)


def _place(error: BaseException | None) -> str:
    """The last line below those that called the sink; a `SyntaxError` names its own in its text."""
    place = ""
    for frame, line in traceback.walk_tb(None if error is None else error.__traceback__):
        file = frame.f_code.co_filename
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in _OURS:
            place = ""
        elif package != "importlib" and not file.startswith("<frozen "):
            place = f" ({Path(file).name}, line {line})"
    return place


def _named(endpoint: EndpointSettings) -> Any:
    module, _, path = (endpoint.sink or "").partition(":")
    found = _imported(module, endpoint)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise _error(endpoint, f"{module} has no {path}{near(name, _makers(found))}") from None
    return found


def _makers(of: object) -> dict[str, object]:
    """What a module or a class defines itself that can be called."""
    home = getattr(of, "__module__", None) or getattr(of, "__name__", "")
    own = ((name, one) for name, one in getattr(of, "__dict__", {}).items() if not name.startswith("_"))
    return {name: one for name, one in own if callable(one) and getattr(one, "__module__", None) == home}


def _imported(module: str, endpoint: EndpointSettings) -> Any:
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is None:
            raise _error(endpoint, f"{module} cannot be imported: {told(error)}") from error
        if f"{module}.".startswith(f"{missing}."):
            raise _error(endpoint, f"no module is named {missing}; {_INSTALL}") from error
        said = f"{module} cannot be imported: no module is named {missing}, which is imported there{_place(error)}"
        raise _error(endpoint, f"{said}; {_INSTALL}") from error


def _error(endpoint: EndpointSettings, what: str) -> SinkSettingsError:
    of = f"sink {endpoint.sink}" if endpoint.factory is None else f"sinks[{endpoint.name!r}]"
    return SinkSettingsError(f"endpoint {endpoint.name}: {of}: {what}")
