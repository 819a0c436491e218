"""One engine's SQL, as the translation asks for it, and the rules that several engines share."""

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from sqlglot import exp

SqlNode: TypeAlias = "exp.Expr"
"""A part of a statement; as a text, because sqlglot before release 30 has the class under another name."""
_PLACE: Final = "({0}kafka_topic || '/' || {0}kafka_partition::varchar || '/' || {0}kafka_offset::varchar)"
"""The place of a record in the log, as a text."""


class Engine(Protocol):
    """What one engine has in the place of what only DuckDB has."""

    @property
    def dialect(self) -> str:
        """Its name in sqlglot."""
        ...

    @property
    def head(self) -> str:
        """How the file is run, as comments, and the settings that its statements rely on."""
        ...

    def exported(self, view: str, directory: str) -> str:
        """The statement that makes this view of an export."""
        ...

    def table(self, name: str, query: str) -> str:
        """The statements that make a table which is read many times."""
        ...

    def view(self, name: str, query: str) -> str:
        """The statement that makes a view."""
        ...

    def query(self, query: SqlNode) -> SqlNode:
        """A query in this engine's words, as far as its dialect in sqlglot does not find them."""
        ...


def quoted(text: str) -> str:
    """A text as a literal of an engine that reads escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def variable(name: str) -> str:
    """The view that holds a variable of DuckDB as `value`: few engines have variables, and none alike."""
    return f"variable_{name}"


def rewritten(tree: SqlNode, rule: Callable[[SqlNode], SqlNode]) -> SqlNode:
    """The tree by a rule for each node, the inner nodes first: what stands within another is seen too."""
    for node in reversed(list(tree.walk())):
        told = rule(node)
        if told is not node:
            node.replace(told)
    return tree


def common(node: SqlNode) -> SqlNode:
    """A node of DuckDB's in words that all have: the number of a row is its place in the log, a variable is a view."""
    match node:
        case exp.Column(name="rowid"):
            table = f"{node.table}." if node.table else ""
            return exp.maybe_parse(_PLACE.format(table), dialect="duckdb")
        case exp.Anonymous(name="getvariable"):
            return exp.select("value").from_(variable(node.expressions[0].name)).subquery()
        case _:
            return node


def skipping_nulls(node: SqlNode) -> SqlNode:
    """`arg_min` and `arg_max` pass over rows without the value, as DuckDB's do."""
    if not isinstance(node, exp.ArgMin | exp.ArgMax):
        return node
    known = node.this.copy().is_(exp.null()).not_()
    if isinstance(node.parent, exp.Filter):
        node.parent.expression.set("this", exp.and_(node.parent.expression.this, known))
        return node
    return exp.Filter(this=node.copy(), expression=exp.Where(this=known))
