"""Whether a sink can be called as the worker will call it."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.sink_signature import fault_of_class, fault_of_options, fault_of_writing, near, wants_record
from tests.kit.python_sinks import AsyncSink, KeptSink, Misfit, PlacedSink, make, make_audit


@pytest.mark.parametrize(
    ("factory", "options", "fault"),
    [
        (make, {"anything": 1}, ""),
        (make_audit, {"path": "x"}, ""),
        (make_audit, {}, "path is missing"),
        (make_audit, {"paht": "x"}, "it takes no paht (did you mean path?), path is missing"),
        (make_audit, {"path": "x", "q": 1}, "it takes no q (it has path, table)"),
        (AsyncSink, {"q": 1}, "it takes no q"),
        (abs, {}, "missing a required argument: 'x'"),
        (dict, {"a": 1}, ""),
    ],
)
def test_options(factory: Callable[..., object], options: dict[str, Any], fault: str) -> None:
    """What is not taken and what is missing are named together; a builtin without a signature is taken."""
    assert fault_of_options(factory, options) == fault


def nothing() -> None:
    """It takes no event."""


def by_place(_event: object, record: object, /) -> None:
    """It takes the record, but not by name."""


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        (KeptSink().write, ""),
        (PlacedSink().write, ""),
        (print, ""),
        (Misfit().write, "write does not take (event): missing a required argument: 'rec'"),
        (nothing, "write does not take (event): too many positional arguments"),
    ],
)
def test_a_write(write: Callable[..., object], fault: str) -> None:
    """It must take an event, and the record only where it names it."""
    assert fault_of_writing(write) == fault


def test_a_record_that_cannot_be_given_by_its_name() -> None:
    """It is a fault: that is how it is given."""
    assert wants_record(by_place)
    assert fault_of_writing(by_place).startswith("write does not take (event, record): ")


class Static:
    """Its `write` needs no object."""

    @staticmethod
    def write(event: object) -> None:
        """Take it."""


class Blind:
    """Its `write` takes nothing."""

    def write(self) -> None:
        """Never called."""


@pytest.mark.parametrize("factory", [KeptSink, PlacedSink, AsyncSink, Static, make, dict])
def test_a_class_that_will_do(factory: Callable[..., object]) -> None:
    """And what is no class, of which only the sink itself can show it."""
    assert fault_of_class(factory) == ""


def test_a_class_that_will_not_do() -> None:
    """It is found before a sink is made."""
    assert fault_of_class(Blind) == "write does not take (event): too many positional arguments"
    assert fault_of_class(Misfit) == "write does not take (event): missing a required argument: 'rec'"


def test_many_names_are_not_listed() -> None:
    """A guess is short."""
    assert near("zzz", dict.fromkeys(map(str, range(11)))) == ""
