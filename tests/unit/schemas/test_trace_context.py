"""Which `traceparent` and `tracestate` go on through the log: W3C Trace Context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event
from schemas.headers import record_headers, trace_of
from schemas.trace_context import NO_TRACE, TraceContext, is_traceparent, trace_context, valid_tracestate

_PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("text", [_PARENT, _PARENT[:-2] + "00", _PARENT[:-2] + "ff", "cc" + _PARENT[2:]])
def test_valid_traces(text: str) -> None:
    """A version that is not ff, a trace id and a parent id that are not all zero, in lower-case hex."""
    assert is_traceparent(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "00", _PARENT + "\n", " " + _PARENT, _PARENT.upper(), _PARENT + "-00", _PARENT[:-1], "ff" + _PARENT[2:]),
        *("00-" + "0" * 32 + _PARENT[35:], _PARENT[:36] + "0" * 16 + "-01", _PARENT.replace("-", "_"), "0" + _PARENT),
        _PARENT.replace("4b", "4g"),
    ],
)
def test_invalid_traces(text: str) -> None:
    """Anything else is none, and is not passed on."""
    assert not is_traceparent(text)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (["rojo=1 , congo=2", "\tus=3\t"], "rojo=1,congo=2,us=3"),
        (["rojo=1,,congo=2,", ""], "rojo=1,congo=2"),
        (["fw529a3039@dt=a b", "0a@b=c"], "fw529a3039@dt=a b,0a@b=c"),
        (["a=" + "v" * 256], "a=" + "v" * 256),
        (["a_-*/9=!"], "a_-*/9=!"),
        ([], ""),
    ],
)
def test_valid_states(lines: list[str], kept: str) -> None:
    """Several lines are one list, white space around members is none of them, and members may be empty."""
    assert kept == valid_tracestate(lines)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "rojo",
            "rojo=",
            "=1",
            "Rojo=1",
            "1rojo=1",
            "rojo =1",
            "rojo= ",
            "ro jo=1",
            "a@b@c=1",
            "@b=1",
            "a@=1",
            "a=b=c",
        ),
        *("a=\x7f", "a=é", "a=\n", "a=\x00b", "a@1=1", "a" * 257 + "=1", "a" * 242 + "@b=1", "a@" + "b" * 15 + "=1"),
        *("a=" + "v" * 257, "a=1,a=2", ",".join(f"k{n}=1" for n in range(33)), "good=1,Bad=2"),
    ],
)
def test_invalid_states(text: str) -> None:
    """One member that is none, a key that comes twice, or a 33rd member: nothing of the list goes on."""
    assert valid_tracestate([text]) == ""


def test_a_state_is_bounded() -> None:
    """At most 512 characters: members of more than 128 go first, then those at the end."""
    large, small = f"big={'v' * 130}", [f"k{n}={'v' * 40}" for n in range(10)]
    kept = valid_tracestate([",".join([large, *small])])
    assert kept == ",".join(small)
    assert valid_tracestate([",".join([*small, "k10=" + "v" * 100])]) == ",".join(small)
    assert valid_tracestate([large]) == large, "a large one stays where there is room"


@given(st.lists(st.text(alphabet="ab1=@,-*/ \t\x00é", max_size=60), max_size=4))
def test_a_kept_state_is_valid_and_stays(lines: list[str]) -> None:
    """Whatever comes, what is kept can stand in a header, is bounded, and is kept as it is the next time."""
    kept = valid_tracestate(lines)
    assert len(kept) <= 512
    assert kept.isascii()
    assert kept.isprintable()
    assert valid_tracestate([kept]) == kept


def test_a_state_goes_nowhere_without_its_parent() -> None:
    """It has no meaning then (section 3.3)."""
    assert trace_context("nonsense", ["rojo=1"]) is NO_TRACE
    assert trace_context(_PARENT, ["rojo=1", "us=2"]) == TraceContext(_PARENT, "rojo=1,us=2")
    assert trace_context(_PARENT, ["Rojo"]) == TraceContext(_PARENT)


def test_a_trace_is_read_from_a_record_as_it_was_written() -> None:
    """What another program wrote there is judged again."""
    trace = TraceContext(_PARENT, "rojo=1")
    assert trace_of(record_headers(Event(), trace)) == trace
    assert trace_of([("traceparent", b"x"), ("tracestate", b"rojo=1")]) is NO_TRACE
    assert trace_of([("traceparent", _PARENT.encode()), ("tracestate", b"\xff")]) == TraceContext(_PARENT)
    assert trace_of(None) is NO_TRACE
