"""An Avro writer compiled once from a schema: Python source made for exactly these fields. Pure.

fastavro's generic writer asks at every value what its schema is; that is the largest CPU cost of taking in an event.
Here the question is asked once. Tests prove the bytes equal to fastavro's. Only what our schemas use is known:
record, array, map, string, long and their nullable unions (`["null", X]`), where "absent" is falsy
(empty text, 0, None) and becomes null.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from schemas.utf8 import LONG, utf8

_INDENT: Final = "    "


def varint(number: int) -> bytes:
    """Avro's variable-length zig-zag encoding of a long (Avro specification, binary encoding)."""
    rest = (number << 1) ^ (number >> 63)
    if rest >> 64:
        raise OverflowError(f"{number} does not fit Avro's long of 64 bits")
    if rest < 0x80:
        return bytes((rest,))
    encoded = bytearray()
    while rest >= 0x80:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


_MOST_PIECES: Final = 8192
"""Pieces that are kept apart: each takes some 40 bytes more than what is in it."""
_SMALL: Final = tuple(varint(number) for number in range(8192))
"""Lengths of nearly every text, ready made."""
_PRESENT: Final = b"\x02"
"""The branch of a nullable union that is not null."""
_SMALL_PRESENT: Final = tuple(_PRESENT + number for number in _SMALL)


def compile_writer(
    schema: dict[str, Any], attribute: Callable[[str], str], *, rare: Sequence[str] = ()
) -> Callable[[Any], bytes]:
    """A function that writes a value of `schema` (a record, parsed by fastavro) as bare Avro.

    Args:
        schema: the record's schema.
        attribute: the Python attribute that holds the field of this Avro name.
        rare: texts and maps at the end of the record that are nearly always absent, all of them together.

    The function raises UnicodeEncodeError for lone surrogates, which Avro's UTF-8 cannot carry, and OverflowError for
    integers beyond 64 bits.
    """
    source = ["def write(v0):", f"{_INDENT}out, full = [], []", f"{_INDENT}put = out.append"]
    source += [_INDENT + line for line in _Compiler(attribute, rare).record(schema, "v0", 0)]
    source.append(f"{_INDENT}return b''.join([*full, *out])")
    namespace: dict[str, Any] = {"varint": varint, "small": _SMALL, "small_present": _SMALL_PRESENT, "utf8": utf8}
    exec(compile("\n".join(source), "<avro writer>", "exec"), namespace)  # noqa: S102 - the source is made from our own schema
    writer: Callable[[Any], bytes] = namespace["write"]
    return writer


def parted(fields: list[dict[str, Any]], rare: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The fields of a record, and those at its end that are rare; each of these is a zero byte if it is absent."""
    often = list(fields)
    found: list[dict[str, Any]] = []
    while often and often[-1]["name"] in rare:
        found.insert(0, often.pop())
    return often, found


class _Compiler:
    """Lines of source that append the encoding of one expression to `out`."""

    def __init__(self, attribute: Callable[[str], str], rare: Sequence[str]) -> None:
        self._attribute = attribute
        self._rare = list(rare)
        self._named: dict[str, dict[str, Any]] = {}

    def record(self, schema: dict[str, Any], value: str, depth: int) -> Iterator[str]:
        self._named[schema["name"]] = schema
        often, rare = parted(schema["fields"], self._rare)
        for field in often:
            yield from self._field(field, value, depth)
        if rare:
            yield f"if {' or '.join(self._place(field, value) for field in rare)}:"
            yield from (_INDENT + line for field in rare for line in self._field(field, value, depth))
            yield f"else: put({bytes(len(rare))!r})"

    def _place(self, field: dict[str, Any], value: str) -> str:
        return f"{value}.{self._attribute(field['name'].split('.')[-1])}"

    def _field(self, field: dict[str, Any], value: str, depth: int) -> Iterator[str]:
        yield f"v{depth + 1} = {self._place(field, value)}"
        yield from self._value(field["type"], f"v{depth + 1}", depth + 1)

    def _value(self, schema: Any, value: str, depth: int) -> Iterator[str]:
        if isinstance(schema, list):
            yield from self._nullable(schema, value, depth)
            return
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind in self._named:
            yield from self.record(self._named[kind], value, depth)
        elif kind == "record":
            yield from self.record(schema, value, depth)
        elif kind == "array":
            yield from self._blocks(f"x{depth}", value, value, self._value(schema["items"], f"x{depth}", depth + 1))
        elif kind == "map":
            entry = [*self._value("string", f"k{depth}", depth), *self._value(schema["values"], f"x{depth}", depth + 1)]
            yield from self._blocks(f"k{depth}, x{depth}", f"{value}.items()", value, iter(entry))
        elif kind == "string":
            yield from _text(value, "small[n]", "varint(n)")
        elif kind == "long":
            yield f"put(varint({value}))"
        else:
            raise NotImplementedError(f"this writer has no {kind}")

    def _nullable(self, schema: list[Any], value: str, depth: int) -> Iterator[str]:
        null, present = schema
        if null != "null":
            raise NotImplementedError(f"this writer has no union {schema}")
        falsy_is_absent = present in ("string", "long")  # not so for a time: 0 is 1970
        yield f"if {value}{'' if falsy_is_absent else ' is not None'}:"
        if present == "string":
            yield from (_INDENT + line for line in _text(value, "small_present[n]", f"{_PRESENT!r} + varint(n)"))
        elif present == "long":
            ready = f"small_present[{value}] if 0 < {value} < {len(_SMALL)}"
            yield f"{_INDENT}put({ready} else {_PRESENT!r} + varint({value}))"
        else:
            yield f"{_INDENT}put({_PRESENT!r})"
            yield from (_INDENT + line for line in self._value(present, value, depth))
        yield "else:"
        yield f"{_INDENT}put(b'\\x00')"

    def _blocks(self, target: str, items: str, value: str, body: Iterator[str]) -> Iterator[str]:
        """An array or map: one block with its count, if there are items, then the closing empty block."""
        yield f"if {value}:"
        yield f"{_INDENT}put(varint(len({value})))"
        yield f"{_INDENT}for {target} in {items}:"
        yield f"{_INDENT * 2}if len(out) > {_MOST_PIECES}:"
        yield f"{_INDENT * 3}full.append(b''.join(out))"
        yield f"{_INDENT * 3}out.clear()"
        yield from (_INDENT * 2 + line for line in body)
        yield "put(b'\\x00')"


def _text(value: str, ready: str, other: str) -> Iterator[str]:
    """A string: its length in bytes, by one expression if it is ready made and by another if not, and its bytes."""
    yield f"b = {value}.encode() if len({value}) <= {LONG} else utf8({value})"
    yield "n = len(b)"
    yield f"put({ready} if n < {len(_SMALL)} else {other})"
    yield "put(b)"
