"""Taking typed values out of a tree while collecting every fault; knows YAML's kinds and no key of ours."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, NoReturn, TypeVar

from runtime.config.document import Node, Scalar
from runtime.config.faults import RefusedValue, one_line, quoted
from runtime.config.interpolation import InterpolationError, Sources, interpolate
from runtime.config.secrets import MASK, masked_written_url

T = TypeVar("T")
D = TypeVar("D")
ValueReader = Callable[["Value"], T]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9._-]{1,80}")


class KnownKey(NamedTuple):
    """A key that a section's reader looks for."""

    key: str
    reader: Callable[["Value"], Any]
    required: bool


@dataclass(frozen=True)
class Reading:
    """One reading of one file: where values come from, and what there is to say so far."""

    sources: Sources
    faults: list[str] = field(default_factory=list)
    """Why the file is refused."""
    warnings: list[str] = field(default_factory=list)
    """What has no effect, though the file is good."""
    asked: list["KnownKey"] | None = None
    """Where somebody wants to know: each key that a section was asked for."""


def show_nothing(_written: str) -> str:
    """Show a secret in a fault."""
    return MASK


def show_url(written: str) -> str:
    """Show a URL in a fault."""
    return quoted(masked_written_url(written))


@dataclass(frozen=True)
class Value:
    """A node, its path, and how a fault may show it: always as written, so what the environment gave never shows."""

    node: Node
    path: str
    reading: Reading
    show: Callable[[str], str] = quoted

    def refuse(self, what: str) -> NoReturn:
        """Record `path: value what` and stop reading this value."""
        self.note(what)
        raise RefusedValue

    def note(self, what: str) -> None:
        """Record the fault `path: value what`; a list or mapping is not shown."""
        self.reading.faults.append(self._shown_with(what))

    def warn(self, what: str) -> None:
        """Record the warning `path: value what`: the value is taken, and has no effect."""
        self.reading.warnings.append(self._shown_with(what))

    def warn_alone(self, what: str) -> None:
        """Record the warning `path: what`, without the value."""
        self.reading.warnings.append(f"{self.path}: {what}")

    def _shown_with(self, what: str) -> str:
        shown = ""
        if isinstance(self.node, Scalar):
            bare = self.show is quoted and self.node.kind in {"int", "float", "bool"}
            shown = f"{one_line(self.node.written) if bare else self.show(self.node.written)} "
        return f"{self.path}: {shown}{what}"

    def fail(self, what: str) -> NoReturn:
        """Record `path: what`, without the value, and stop reading it."""
        self.reading.faults.append(f"{self.path}: {what}")
        raise RefusedValue

    def shown_by(self, show: Callable[[str], str]) -> "Value":
        """Return the same value, shown another way in faults."""
        return replace(self, show=show)

    @property
    def is_interpolated(self) -> bool:
        """Whether the file holds a reference here and not the value itself."""
        return isinstance(self.node, Scalar) and "$" in self.node.written

    def text(self) -> str:
        """Return the scalar's text after interpolation, whatever kind YAML sees in it."""
        if not isinstance(self.node, Scalar):
            self.fail(f"must be text, not {_kind(self.node)}")
        if self.node.kind == "null":
            self.fail("has no value")
        try:
            text = interpolate(self.node.written, self.reading.sources)
            text.encode()
        except InterpolationError as error:
            self.fail(one_line(str(error)))
        except UnicodeEncodeError:
            self.fail("contains half of a surrogate pair, which is not a character")
        return text

    def unquoted(self, what: str) -> str:
        """Return the text of a value that is no text: quoted in the file only where it is interpolated."""
        text = self.text()
        if isinstance(self.node, Scalar) and self.node.kind == "text" and not self.is_interpolated:
            self.refuse(f"is text, not {what}")
        return text

    def items(self) -> Iterator["Value"]:
        """Yield the members of a list."""
        if not isinstance(self.node, list):
            hint = "; write [VALUE]" if isinstance(self.node, Scalar) and self.node.kind != "null" else ""
            self.fail(f"must be a list, not {_kind(self.node)}{hint}")
        for index, member in enumerate(self.node):
            yield replace(self, node=member, path=f"{self.path}[{index}]")

    def members(self) -> Iterator[tuple[str, "Value"]]:
        """Yield the keys and values of a mapping."""
        if not isinstance(self.node, dict):
            self.fail(f"must be a mapping, not {_kind(self.node)}")
        for key, member in self.node.items():
            yield key, self.member(key, member)

    def at(self, key: str) -> "Value":
        """Return the value of a key that the mapping has."""
        assert isinstance(self.node, dict)
        return self.member(key, self.node[key])

    def member(self, key: str, node: Node) -> "Value":
        """Return a mapping's value with its path; at the top the path is the key alone."""
        shown = key if _PLAIN_KEY.fullmatch(key) else quoted(key)
        return replace(self, node=node, path=f"{self.path}.{shown}" if self.path else shown)


class Section:
    """A mapping with known keys: take them one by one, then `close` to refuse the rest."""

    def __init__(self, value: Value) -> None:
        self._value = value
        self._members = dict(value.members())
        self._known: list[str] = []

    @property
    def keys(self) -> Iterable[str]:
        """All keys that are there."""
        return self._members.keys()

    def take(self, key: str) -> Value | None:
        """Return a key's value; None if it is absent or null."""
        self._known.append(key)
        value = self._members.get(key)
        if value is None or (isinstance(value.node, Scalar) and value.node.kind == "null"):
            return None
        return value

    def read(self, key: str, reader: ValueReader[T], default: D) -> T | D:
        """Read a key; the default if it is absent, and also after a fault, as then nothing read is used."""
        self._asked_for(key, reader, required=False)
        value = self.take(key)
        if value is None:
            return default
        try:
            return reader(value)
        except RefusedValue:
            return default

    def require(self, key: str, reader: ValueReader[T], what: str) -> T | None:
        """Read a key that must be there; None after a fault."""
        self._asked_for(key, reader, required=True)
        value = self.take(key)
        if value is None:
            self.fault(key, f"is missing; {what}")
            return None
        try:
            return reader(value)
        except RefusedValue:
            return None

    def _asked_for(self, key: str, reader: ValueReader[Any], *, required: bool) -> None:
        if self._value.reading.asked is not None:
            self._value.reading.asked.append(KnownKey(key, reader, required))

    def fault(self, key: str, what: str) -> None:
        """Record a fault at a key of this section."""
        self._value.reading.faults.append(f"{self._value.member(key, []).path}: {what}")

    def close(self, elsewhere: Mapping[str, str] | None = None) -> None:
        """Refuse every key that was not taken, naming the nearest; `elsewhere` explains other programs' keys."""
        for key in self._members:
            if key in self._known:
                continue
            near = difflib.get_close_matches(key.lower(), self._known, n=1)
            guess = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(set(self._known)))}"
            self.fault(key, (elsewhere or {}).get(key) or f"is not a known key; {guess}")


def _kind(node: Node) -> str:
    if isinstance(node, list):
        return "a list"
    if isinstance(node, dict):
        return "a mapping"
    return "empty" if node.kind == "null" else "a single value"
