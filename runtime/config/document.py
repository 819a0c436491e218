"""A YAML text to a tree of mappings, lists and scalars; it knows YAML and nothing of our keys.

Scalars keep what was written, since only the key that takes one knows its type (`1.10` is text for a header and no
float), and since a fault shows what was written. Anchors, aliases and merge keys work, within a bound on what they
unfold to. No tag makes an object.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import yaml

from runtime.config.faults import ConfigurationError, one_line

ScalarKind = Literal["text", "int", "float", "bool", "null"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written; `kind` is how YAML reads it, `text` for everything quoted."""

    written: str
    kind: ScalarKind


Node: TypeAlias = "Scalar | dict[str, Node] | list[Node]"

_KINDS: Mapping[str, ScalarKind] = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:timestamp": "text",  # `start` takes a time as text
    "tag:yaml.org,2002:value": "text",
    "tag:yaml.org,2002:int": "int",
    "tag:yaml.org,2002:float": "float",
    "tag:yaml.org,2002:bool": "bool",
    "tag:yaml.org,2002:null": "null",
}
_PYTHON_KINDS: tuple[tuple[type, ScalarKind], ...] = (
    (bool, "bool"),  # before int, which it is too
    (int, "int"),
    (float, "float"),
    (str, "text"),
    (type(None), "null"),
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_MERGE = "tag:yaml.org,2002:merge"
LONGEST_FILE = 2**19
"""Characters. A thousand endpoints fit, and the parser ends within seconds."""
_MOST_NODES = 50_000
"""Values after aliases are unfolded: a bomb of aliases ends here."""
_DEEPEST = 32
"""Levels; the configuration has 5."""


def parse(text: str, name: str) -> dict[str, Node]:
    """Read a YAML text whose top is a mapping (nothing at all is an empty one).

    Args:
        text: the file's content.
        name: what faults call the file.

    Raises:
        ConfigurationError: no YAML, a key twice in a mapping, a tag or key of another kind, or over the bounds;
            with line and column.
    """
    if len(text) > LONGEST_FILE:
        raise ConfigurationError([f"{name}: is longer than {LONGEST_FILE} characters"])
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise ConfigurationError([f"{name}: {_place(error)}: {_problem(error, text)}"]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigurationError(
            [f"{name}: line {line}: holds the character U+{ord(text[error.position]):04X}"]
        ) from None
    except RecursionError:
        raise ConfigurationError([f"{name}: is nested too deeply"]) from None
    if root is None:
        return {}
    tree = _Unfolding(name).node(root, 0)
    if isinstance(tree, Scalar) and tree.kind == "null":
        return {}
    if not isinstance(tree, dict):
        raise ConfigurationError([f"{name}: must be a mapping of kafka, topics, intake, worker and endpoints"])
    return tree


def as_node(value: Any) -> Node:
    """Turn plain Python values (a test's, or JSON's) into a tree; text stands for quoted text.

    Raises:
        TypeError: a value that no YAML file could hold.
    """
    match value:
        case Mapping():
            return {str(key): as_node(member) for key, member in value.items()}
        case list() | tuple():
            return [as_node(member) for member in value]
    for kind, name in _PYTHON_KINDS:
        if isinstance(value, kind):
            return Scalar(str(value).lower() if kind is bool else str(value), name)
    raise TypeError(f"{type(value).__name__} is not allowed in a configuration")


class _Unfolding:
    """One walk over PyYAML's graph of nodes that unfolds aliases and counts what comes out."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = _MOST_NODES

    def node(self, node: yaml.Node, depth: int) -> Node:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise self._fault(node, "is nested too deeply" if depth > _DEEPEST else "expands to too many values")
        match node:
            case yaml.ScalarNode() if node.tag in _KINDS:
                return Scalar(node.value, _KINDS[node.tag])
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.node(member, depth + 1) for member in node.value]
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, depth + 1)
        raise self._fault(
            node, "has a tag (!...) that a configuration cannot have; quote the value if it begins with !"
        )

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                self._merge(merged, value, depth)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise self._fault(key, "a key must be text")
            if key.value in own:
                raise self._fault(key, f'the key "{one_line(key.value)}" appears twice')
            own[key.value] = self.node(value, depth)
        return merged | own

    def _merge(self, merged: dict[str, Node], node: yaml.Node, depth: int) -> None:
        """Fill in what `<<: *anchor` or `<<: [*a, *b]` brings; the first to bring a key wins, as YAML has it."""
        unfolded = self.node(node, depth)
        for source in unfolded if isinstance(unfolded, list) else [unfolded]:
            if not isinstance(source, dict):
                raise self._fault(node, "<< must be given a mapping")
            for key, value in source.items():
                merged.setdefault(key, value)

    def _fault(self, node: yaml.Node, problem: str) -> ConfigurationError:
        mark = node.start_mark
        return ConfigurationError([f"{self._name}: line {mark.line + 1}, column {mark.column + 1}: {problem}"])


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """Keep the parser's words but not what it quotes: a password that begins with * is an undefined alias to it."""
    words = ", ".join(part for part in (error.context, error.problem) if part)
    line = text.splitlines()[error.problem_mark.line :][:1] if error.problem_mark else []
    hint = "; inside { } or [ ] a ${...} must be quoted" if any("${" in part for part in line) else ""
    return one_line(_QUOTED.sub(_without_text, words) + hint)


def _without_text(found: re.Match[str]) -> str:
    """Keep a single character or a token's name, which say what is wrong; hide what may be anything."""
    inner = found[0][1:-1]
    return found[0] if len(inner) <= 1 or inner[0] in "<\\" else "'***'"
