"""From an endpoint's `sink: MODULE:FACTORY` to the factory: imported, held against its `options`, and not called."""

import importlib
import inspect
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

from runtime.cli.terminal import printable
from runtime.config import EndpointSettings
from runtime.errors import BridgeError

Factory = Callable[..., object]

_LONGEST: Final = 500


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
        raise _error(endpoint, f"it is {type(found).__name__}, and cannot be called")
    factory: Factory = found
    _check_options(factory, endpoint)
    return factory


def told(error: BaseException) -> str:
    """An exception in one line, with the place where it was raised."""
    text = str(error).strip()
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return printable(f"{type(error).__name__}{f': {text}' if text else ''}"[:_LONGEST] + place)


def _named(endpoint: EndpointSettings) -> Any:
    module, _, path = (endpoint.sink or "").partition(":")
    found = _imported(module, endpoint)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise _error(endpoint, f"{module} has no {path}") from None
    return found


def _imported(module: str, endpoint: EndpointSettings) -> Any:
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as error:
        said = f"no module is named {error.name}; install it beside the worker, or name its folder in PYTHONPATH"
        raise _error(endpoint, said) from error
    except BaseException as error:
        raise _error(endpoint, f"{module} cannot be imported: {told(error)}") from error


def _check_options(factory: Factory, endpoint: EndpointSettings) -> None:
    try:
        signature = inspect.signature(factory)
    except (ValueError, TypeError):  # some builtins have none
        return
    try:
        signature.bind(**options_of(endpoint))
    except TypeError as error:
        raise _error(endpoint, f"its factory does not take these options: {error}") from None


def _error(endpoint: EndpointSettings, what: str) -> SinkSettingsError:
    return SinkSettingsError(f"endpoint {endpoint.name}: sink {endpoint.sink}: {what}")
