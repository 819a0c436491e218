"""A body as JSON, of which each format takes the members that fit. Pure."""

from typing import Any, TypeVar

from msgspec import Struct

from producer.sources.reading import NotThisFormatError
from schemas.json_text import JSONTextError, parse
from schemas.lenient import fitting

__all__ = ["json_value", "members_as"]

_S = TypeVar("_S", bound=Struct)


def json_value(body: bytes) -> Any:
    """Any JSON value.

    Raises:
        NotThisFormatError: it is not JSON, or too deep.
    """
    try:
        return parse(body.decode())
    except JSONTextError as error:
        raise NotThisFormatError(error.reason, error.path) from None


def members_as(body: bytes, shape: type[_S]) -> _S:
    """The members of a JSON object that fit this shape; a member of another type is as if absent.

    Raises:
        NotThisFormatError: it is no JSON object.
    """
    value = json_value(body)
    if not isinstance(value, dict):
        raise NotThisFormatError("the body must be a JSON object")
    return fitting(value, shape)
