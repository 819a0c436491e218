"""The rules of the house, held against every file: how long things are, what takes what, and what they are called.

CONTRIBUTING.md says why. Which room may import which is import-linter's business; where tests are, test_test_places'.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from tests.kit.sources import OTHERS, PACKAGES, Source, methods, parameters, sources

ALL = (*PACKAGES, *OTHERS)
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
MOST_PARAMETERS = 8
REGISTRYS_OWN = {"producer.bridge.bridge.Bridge": "six are the registry's own, three stand for time and chance"}
"""Constructors with more parameters, and why."""
CALLABLES = re.compile(r"\b(Callable|Awaitable|Coroutine)\b")
"""What a function's type is made of, or that of an alias of it."""
TIME_AND_CHANCE = {"clock", "utc_offset", "randomness", "ids", "jitter"}
"""Passed as functions where one is all there is of them, as in the public `Bridge`."""
FUNCTIONS = {
    "consumer.delivery.sink.calls.Call.function": "of a user's sink",
    "consumer.delivery.sink.open_sink.SinkOpening.factory": "a user's",
    "consumer.delivery.sink.sink_sender.SinkSender.factory": "a user's",
    "consumer.delivery.sink.tracing.TracedSinkSender.factory": "a user's",
    "consumer.embedding.Worker.sinks": "factories of a user's",
    "consumer.delivery.webhook.client.FallbackClient.second": "makes the other client when it is first needed",
    "runtime.cli.imported_commands.ImportedCommands.makers": "a command is imported when it is called",
    "runtime.http.server.Server.app": "ASGI has it so",
    "runtime.http.server_protocol.GuardedServing.app": "the same",
    "runtime.http.server_protocol._Requests.app": "the same",
    "runtime.kafka.admin_clients.AdminClients.open_client": "makes another client after a long silence",
    "runtime.kafka.pending_writes.PendingWrite.done": "a blocking caller is woken otherwise than a loop",
    "runtime.kafka.writer.AcknowledgedWriter.open_producer": "makes another producer when one is done for",
    "schemas.compiled_reader._ReaderSource.attribute": "a schema's name to an attribute's",
    "schemas.compiled_writer._Compiler.attribute": "a schema's name to an attribute's",
}
"""Constructors' parameters that are functions, and what for."""
ALIAS = re.compile(r"_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
TYPED = re.compile(
    r"\b(Callable|Literal|Mapping|Sequence|Iterable|Iterator|Awaitable|Generator|tuple|dict|list|set|frozenset)\[|\|"
)
"""What a type alias is made of, where it is not marked as one."""


def test_no_file_is_too_long() -> None:
    """A file has one idea."""
    assert [] == [f"{source.path}: {source.lines}" for source in sources(*ALL) if source.lines > LONGEST_FILE]


def test_no_function_is_too_long() -> None:
    """With its docstring."""
    found = (
        (source, one, (one.end_lineno or 0) - one.lineno + 1) for source in sources(*ALL) for one in source.functions()
    )
    assert [] == [f"{source.path}: {one.name}: {lines}" for source, one, lines in found if lines > LONGEST_FUNCTION]


def test_no_constructor_takes_too_much() -> None:
    """What needs more is two things, or lacks a collaborator."""
    found = {
        f"{source.module}.{owner.name}": len(parameters(methods(owner)["__init__"]))
        for source in sources(*ALL)
        for owner in source.classes()
        if "__init__" in methods(owner)
    }
    assert REGISTRYS_OWN.keys() == {name for name, count in found.items() if count > MOST_PARAMETERS}


def test_constructors_take_collaborators() -> None:
    """An object with a protocol says what it is for; a function that somebody kept says nothing."""
    found = {
        f"{source.module}.{owner.name}.{one.arg}"
        for source in sources(*PACKAGES)
        for owner in source.classes()
        if "__init__" in methods(owner)
        for one in parameters(methods(owner)["__init__"])
        if one.annotation and is_function(ast.unparse(one.annotation)) and one.arg not in TIME_AND_CHANCE
    }
    assert FUNCTIONS.keys() == found


def is_function(annotation: str) -> bool:
    """Whether a type is that of a function, by itself or by an alias."""
    return bool(CALLABLES.search(annotation)) or not function_aliases().isdisjoint(re.findall(r"\w+", annotation))


@cache
def function_aliases() -> frozenset[str]:
    """The aliases of functions' types in the four packages."""
    assigned = [node for source in sources(*PACKAGES) for node in source.tree.body if isinstance(node, ast.Assign)]
    return frozenset(
        target.id
        for node in assigned
        for target in node.targets
        if isinstance(target, ast.Name) and ALIAS.fullmatch(target.id) and CALLABLES.match(ast.unparse(node.value))
    )


def test_one_name_is_one_type() -> None:
    """No class or type alias of the four packages has the name of another; a leading underscore makes no difference."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for source in sources(*PACKAGES):
        for name in type_names(source):
            places[name.lstrip("_")].append(source.module)
    assert {} == {name: where for name, where in places.items() if len(where) > 1}


def type_names(source: Source) -> Iterator[str]:
    """Classes, nested ones too, and type aliases; two type parameters may share a name."""
    yield from (owner.name for owner in source.classes())
    for node in source.tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(name), annotation=ast.Name("TypeAlias")):
                yield name
            case ast.Assign(targets=[ast.Name(name)], value=value) if ALIAS.fullmatch(name):
                if TYPED.search(ast.unparse(value)):
                    yield name


def test_the_names_of_types_are_found() -> None:
    """Classes and both kinds of aliases; constants and type parameters are none."""
    text = """
class A:
    class B: pass
Alias: TypeAlias = int
Make = Callable[[], int]
Either = int | str
T = TypeVar("T")
LIMIT = 3
Words = frozenset({"a"})
"""
    assert ["A", "Alias", "B", "Either", "Make"] == sorted(type_names(Source(None, text, ast.parse(text))))  # type: ignore[arg-type]


def test_no_class_overrides_what_is_private_to_another() -> None:
    """A subclass fills in what its base names in public, or is no subclass."""
    owners = {owner.name: owner for source in sources(*ALL) for owner in source.classes()}
    found = []
    for name, owner in owners.items():
        for base in (owners.get(ast.unparse(one).split("[")[0]) for one in owner.bases):
            if base is not None:
                shared = {one for one in methods(owner).keys() & methods(base).keys() if re.match("_[^_]", one)}
                found += [f"{name}.{one} overrides {base.name}'s" for one in sorted(shared)]
    assert found == []


def test_every_room_says_what_it_is() -> None:
    """In its `__init__`: what it is, what comes in and goes out, what it must not know."""
    rooms = [source for source in sources(*PACKAGES) if source.path.name == "__init__.py"]
    assert [] == [
        str(source.path) for source in rooms if len(re.findall(r"[.:;]\s", f"{ast.get_docstring(source.tree)} ")) < 2
    ]
