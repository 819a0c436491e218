"""Rows of attempts: what was sent, what came back, and what is not known."""

from consumer.worker.page.attempt_rows import attempt_rows
from tests.kit.page_facts import HOSTILE, made_attempts


def test_rows() -> None:
    """One each; the first line of an answer, as text."""
    rows = attempt_rows(made_attempts(20))
    assert 20 == rows.count("<tr>")
    assert 17 == rows.count('<span class="good">status 200</span>')
    assert 3 == rows.count('<span class="bad">status 503</span>')
    assert HOSTILE not in rows
    assert "&lt;script&gt;" in rows


def test_none_and_unknown() -> None:
    """Are told apart."""
    assert "None since this worker started." in attempt_rows([])
    rows = attempt_rows([], ["process 2: <gone>"])
    assert "None since" not in rows
    assert "process 2: &lt;gone&gt;" in rows
