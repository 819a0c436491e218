"""Objects that stand for another: whatever they do not say themselves is the other's. Knows nothing of registries."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

__all__ = ["StandIn", "stand_in"]

_S = TypeVar("_S", bound="StandIn")

_SPECIAL: Final = (
    *("__enter__", "__exit__", "__aenter__", "__aexit__", "__iter__", "__next__", "__aiter__", "__anext__"),
    *("__len__", "__bool__", "__contains__", "__getitem__", "__setitem__", "__delitem__", "__call__"),
)
"""Python looks these up on the type, past `__getattr__`; a stand-in has those that its original's type has."""


class StandIn:
    """Stands for `original`: reads, writes and calls that a subclass does not define go there."""

    __slots__ = ("original",)
    original: Any

    def __init__(self, original: Any) -> None:
        object.__setattr__(self, "original", original)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.original, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.original, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.original!r})"


def stand_in(kind: type[_S], original: Any) -> type[_S]:
    """`kind`, with the special methods that `original` has."""
    made = _with_special_methods(kind, type(original))  # type: ignore[arg-type]  # mypy does not see that a class is hashable
    return cast("type[_S]", made)


@lru_cache(maxsize=256)
def _with_special_methods(kind: type[StandIn], original: type) -> type[StandIn]:
    own = vars(kind)
    names = (name for name in _SPECIAL if hasattr(original, name) and name not in own)
    return type(kind.__name__, (kind,), {"__slots__": (), **{name: _delegate(name) for name in names}})


def _delegate(name: str) -> Callable[..., Any]:
    def call(self: StandIn, *args: Any, **kwargs: Any) -> Any:
        result = getattr(self.original, name)(*args, **kwargs)
        return self if result is self.original else result

    return call
