"""Files that are no YAML of ours, and the exact line of each fault."""
# ruff: noqa: E501 - fault lines stand whole, as a user sees them

from pathlib import Path

import pytest

from tests.kit.config_faults import faults

TEXTS = [
    ("a: 1\nb: 2\na: 3", 'FILE: line 3, column 1: the key "a" appears twice'),
    (
        "kafka:\n\tbootstrap.servers: a",
        "FILE: line 2, column 1: while scanning for the next token, found character '\\t' that cannot start any token",
    ),
    ("kafka: {sasl.password: *hunter2}", "FILE: line 1, column 24: found undefined alias '***'"),
    (
        "kafka: {sasl.password: !hunter2 x}",
        "FILE: line 1, column 24: has a tag (!...) that a configuration cannot have; quote the value if it begins with !",
    ),
    (
        "a: {b: ${C}}",
        "FILE: line 1, column 9: while parsing a flow mapping, expected ',' or '}', but got '{'; inside { } or [ ] a ${...} must be quoted",
    ),
    ("a: 1\n---\na: 1", "FILE: line 2, column 1: expected a single document in the stream, but found another document"),
    ("a: \x01", "FILE: line 1: holds the character U+0001"),
    ("- a", "FILE: must be a mapping of kafka, topics, intake, worker and endpoints"),
    ("&a [*a]", "FILE: line 1, column 1: is nested too deeply"),
    ("[" * 5000, "FILE: is nested too deeply"),
    (
        "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e]",
        "FILE: line 1, column 12: expands to too many values",
    ),
    ("#" * 600_000, "FILE: is longer than 524288 characters"),
    ("? [a]\n: b", "FILE: line 1, column 3: a key must be text"),
    ("a: {<<: 1}", "FILE: line 1, column 9: << must be given a mapping"),
]


@pytest.mark.parametrize(("text", "fault"), TEXTS)
def test_a_fault_is_one_exact_line(tmp_path: Path, text: str, fault: str) -> None:
    """A file with one fault gives one line: path, value (never a secret), what is allowed."""
    assert [fault] == faults(tmp_path, text, {"SECRET": "5000000000 hunter2"})
