"""An Avro reader compiled once from a schema: Python source that makes the event model of exactly these fields. Pure.

fastavro makes dictionaries of a record first, at three times the cost, and in one call that holds the interpreter:
20 MB of empty texts stop every thread of the process for seconds. This reader lets other threads run, and stops where a
record has more values than `schemas.limits` says. Tests prove the events equal to fastavro's. Only what our schemas use
is known: record, array, map, string, long and their nullable unions (`["null", X]`), where null is the model's own
default.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from schemas.compiled_writer import parted

_INDENT: Final = "    "
_LONGEST_VARINT: Final = 10
"""Bytes of the longest varint that is a long of 64 bits."""


class DamagedError(Exception):
    """The bytes are no record of the schema."""


class TooManyError(Exception):
    """The record has more values than it may have, or more items in an array that has a limit of its own."""


def compile_reader(
    schema: dict[str, Any],
    models: Mapping[str, type[msgspec.Struct]],
    attribute: Callable[[str], str],
    *,
    values: int,
    items: Mapping[str, int],
    rare: Sequence[str] = (),
) -> Callable[[bytes, int], Any]:
    """A function that reads a value of `schema` (a record, parsed by fastavro) as its model.

    Args:
        schema: the record's schema.
        models: the structs, by the name of their Avro record: one for each that a model has a field of. A field that
            its model lacks is passed over: what lies there must have the schema's form, but its texts may be no UTF-8.
        attribute: the attribute that holds the field of this Avro name.
        values: items of arrays and entries of maps that a record may have, at every depth.
        items: how many an array may have, by the name of its field.
        rare: texts and maps at the end of the record that are nearly always absent, all of them together.

    The function takes the bytes, and where in them the record begins. It raises DamagedError for bytes that are no such
    record up to their end, and TooManyError.
    """
    compiler = _ReaderSource(models, attribute, items, rare)
    source = ["def read(data, at):", f"{_INDENT}left = {values}"]
    source += [_INDENT + line for line in compiler.record(schema, "v0", 0)]
    source += [f"{_INDENT}return v0, at"]
    namespace: dict[str, Any] = {**_NAMES, "values": values, **compiler.names}
    exec(compile("\n".join(source), "<avro reader>", "exec"), namespace)  # noqa: S102 - the source is made from our own schema
    read: Callable[[bytes, int], tuple[Any, int]] = namespace["read"]

    def whole(data: bytes, at: int) -> Any:
        try:
            value, end = read(data, at)
        except (IndexError, OverflowError):  # a length may be beyond what Python can count
            raise DamagedError("it ends too early") from None
        except UnicodeDecodeError as error:
            raise DamagedError(f"a text is not UTF-8 ({error.reason})") from None
        if end > len(data):
            raise DamagedError("it ends too early")
        if end < len(data):
            raise DamagedError(f"{len(data) - end} bytes are left over")
        return value

    return whole


def _too_many(limit: int, of: str) -> TooManyError:
    return TooManyError(f"it has more than {limit:,} {of}, the limit of one event")


def _rest_of_varint(data: bytes, at: int, first: int) -> tuple[int, int]:
    """(number, the place behind it) of a varint of several bytes, its zigzag not undone yet."""
    number, shift = first & 0x7F, 7
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift == 7 * _LONGEST_VARINT:
            raise DamagedError("an integer has more than 64 bits")
    if number >> 64:
        raise DamagedError("an integer has more than 64 bits")
    return number, at


def _branch_of_varint(data: bytes, at: int, first: int) -> tuple[int, int]:
    """(0 or 2, the place of its last byte) of a union's branch that is not written as one byte."""
    branch, behind = _rest_of_varint(data, at + 1, first) if first >= 0x80 else (first, at + 1)
    if branch not in (0, 2):
        raise DamagedError("a union has no such branch")
    return branch, behind - 1


def _span_of_text(data: bytes, at: int) -> tuple[int, int]:
    """(where it begins, the place behind it) of a nullable text, however its head is written; null begins at 0."""
    branch = data[at]
    if branch not in (0, 2):
        branch, at = _branch_of_varint(data, at, branch)
    if not branch:
        return 0, at + 1
    length, begin = data[at + 1], at + 2
    if length >= 0x80 and (more := data[begin]) < 0x80:  # up to 8 KiB, most of all that come here
        length, begin = length & 0x7F | more << 7, at + 3
    elif length >= 0x80:
        length, begin = _rest_of_varint(data, begin, length)
    if length & 1:
        raise DamagedError("a text has a negative length")
    return begin, begin + (length >> 1)


def _behind_varint(data: bytes, at: int) -> int:
    """The place behind a varint that is passed over."""
    short = _SHORT_VARINT(data, at)
    return short.end() if short is not None else _rest_of_varint(data, at + 1, data[at])[1]


_SHORT_VARINT: Final = re.compile(rb"[\x80-\xff]{0,8}[\x00-\x7f]").match
"""One of 63 bits at most: any other one may have too many."""
_STEPS: Final = tuple(0 if byte & 0x81 else 2 + (byte >> 1) for byte in range(256))
"""Bytes of a text that is not null, by the byte of its length; 0 where that is negative or has more than one byte."""
_VARINT: Final = ("n = data[at]", "at += 1", "if n >= 128: n, at = rest(data, at, n)")
"""`n` is then twice the number, or for a negative one twice its amount less one (zigzag)."""
_NAMES: Final = {
    "rest": _rest_of_varint,
    "branch": _branch_of_varint,
    "span": _span_of_text,
    "behind": _behind_varint,
    "steps": _STEPS,
    "too_many": _too_many,
    "DamagedError": DamagedError,
}
"""What the source refers to, whatever the schema."""
_NOWHERE: Final = ""
"""The variable of a value that is passed over."""


def _made(to: str, record: str, members: Mapping[str, str]) -> str:
    """Source that makes the model."""
    return f"{to} = make_{record}({', '.join(f'{attribute}={variable}' for attribute, variable in members.items())})"


class _ReaderSource:
    """Lines of source that read one value into a variable, or nowhere, and move `at` behind it."""

    def __init__(
        self,
        models: Mapping[str, type[msgspec.Struct]],
        attribute: Callable[[str], str],
        items: Mapping[str, int],
        rare: Sequence[str],
    ) -> None:
        self._models = models
        self._attribute = attribute
        self._items = items
        self._rare = rare
        self._schemas: dict[str, dict[str, Any]] = {}
        self.names: dict[str, Any] = {f"make_{name}": model for name, model in models.items()}
        """What the source refers to: models, and their defaults."""

    def record(self, schema: dict[str, Any], to: str, depth: int) -> Iterator[str]:
        """Source for a record; without a model for it, its fields are passed over."""
        self._schemas[schema["name"]] = schema
        name = schema["name"].rpartition(".")[2]
        model = self._models[name] if to else None
        fields = {field.name: field for field in msgspec.structs.fields(model)} if model else {}
        often, rare = parted(schema["fields"], self._rare)
        made: dict[str, str] = {}
        for at, field in enumerate(often):
            yield from self._member(field, f"{to}_{at}", depth, record=name, known=fields, made=made)
        if not rare:
            yield from [_made(to, name, made)] if to else []
            return
        yield f"if data.startswith({bytes(len(rare))!r}, at):"
        yield f"{_INDENT}at += {len(rare)}"
        yield from [_INDENT + _made(to, name, made)] if to else []
        yield "else:"
        for at, field in enumerate(rare, len(often)):
            member = self._member(field, f"{to}_{at}", depth, record=name, known=fields, made=made)
            yield from (_INDENT + line for line in member)
        yield from [_INDENT + _made(to, name, made)] if to else []

    def _member(
        self, field: dict[str, Any], to: str, depth: int, *, record: str, known: Mapping[str, Any], made: dict[str, str]
    ) -> Iterator[str]:
        """Source for one field of a record, which is added to `made` if the model has it."""
        attribute = self._attribute(field["name"])
        null = self._null(record, known.get(attribute))
        if attribute in known:
            made[attribute] = to
        yield from self._value(field["type"], made.get(attribute, _NOWHERE), depth + 1, of=field["name"], null=null)

    def _null(self, record: str, field: Any) -> str:
        """Source of what a field is that is null: the model's default."""
        if field is None:
            return "None"
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        name = f"default_{record}_{field.name}"
        self.names[name] = default
        return name

    def _value(self, schema: Any, to: str, depth: int, *, of: str = "", null: str = "None") -> Iterator[str]:
        """Source for one value; `of` is the field's name and `null` what is meant by null, if it is that of a field."""
        if isinstance(schema, list):
            yield from self._nullable(schema, to, depth, null)
            return
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind in self._schemas:
            yield from self.record(self._schemas[kind], to, depth)
        elif kind == "record":
            yield from self.record(schema, to, depth)
        elif kind == "array":
            item = f"i{depth}" if to else _NOWHERE
            body = [*self._value(schema["items"], item, depth + 1), *([f"{to}.append({item})"] if to else ())]
            yield from ([f"{to} = []"] if to else ())
            yield from self._blocks(body, depth, self._items.get(of), of)
        elif kind == "map":
            key, item = (f"k{depth}", f"i{depth}") if to else (_NOWHERE, _NOWHERE)
            body = [*self._value("string", key, depth), *self._value(schema["values"], item, depth + 1)]
            yield from ([f"{to} = {{}}"] if to else ())
            yield from self._blocks([*body, *([f"{to}[{key}] = {item}"] if to else ())], depth)
        elif kind == "string":
            yield from _VARINT
            yield "if n & 1: raise DamagedError('a text has a negative length')"
            yield from (
                ["end = at + (n >> 1)", f"{to} = data[at:end].decode()", "at = end"] if to else ["at += n >> 1"]
            )
        elif kind == "long":
            yield from ([*_VARINT, f"{to} = (n >> 1) ^ -(n & 1)"] if to else ["at = behind(data, at)"])
        else:  # a null among them: an item of no bytes would cost nothing to write
            raise NotImplementedError(f"this reader has no {kind}")

    def _nullable(self, schema: list[Any], to: str, depth: int, null_is: str) -> Iterator[str]:
        null, present = schema
        if null != "null":
            raise NotImplementedError(f"this reader has no union {schema}")
        if present == "string":
            yield from self._nullable_text(to, null_is)
            return
        yield "n = data[at]"
        yield "if n and n != 2: n, at = branch(data, at, n)"
        yield "at += 1"
        yield "if n:"
        yield from (_INDENT + line for line in self._value(present, to, depth))
        yield from ([f"else: {to} = {null_is}"] if to else ())

    @staticmethod
    def _nullable_text(to: str, null_is: str) -> Iterator[str]:
        """Most fields of a record are such; nearly all of them are null or short, which is seen in two steps."""
        step = "elif n == 2 and (n := steps[data[at + 1]]): "
        if not to:
            yield from ("if not (n := data[at]): at += 1", step + "at += n", "else: at = span(data, at)[1]")
            return
        yield f"if not (n := data[at]): {to} = {null_is}; at += 1"
        yield f"{step}{to} = data[at + 2 : at + n].decode(); at += n"
        yield f"else: n, at = span(data, at); {to} = data[n:at].decode() if n else {null_is}"

    @staticmethod
    def _blocks(body: list[str], depth: int, limit: int | None = None, field: str = "") -> Iterator[str]:
        """Blocks of an array or a map up to the empty one; a negative count is followed by the block's size."""
        count, total = f"c{depth}", f"t{depth}"
        yield from ([f"{total} = 0"] if limit is not None else ())
        yield "while True:"
        yield from (_INDENT + line for line in _VARINT)
        yield f"{_INDENT}if not n: break"
        yield f"{_INDENT}{count} = (n + 1) >> 1"
        yield f"{_INDENT}left -= {count}"
        yield f"{_INDENT}if left < 0: raise too_many(values, 'values')"
        if limit is not None:
            yield f"{_INDENT}{total} += {count}"
            yield f"{_INDENT}if {total} > {limit}: raise too_many({limit}, {field!r})"
        yield f"{_INDENT}if n & 1:"
        yield from (_INDENT * 2 + line for line in _VARINT)
        yield f"{_INDENT}for _ in range({count}):"
        yield from (_INDENT * 2 + line for line in body)
