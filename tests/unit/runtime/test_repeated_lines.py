"""What may repeat is told at once, then every ten seconds with how often it was."""

from runtime.repeated_lines import RepeatedLines


def test_the_first_is_told_and_more_are_counted() -> None:
    """Each matter by itself; all that is left at the end."""
    lines: RepeatedLines[int] = RepeatedLines()
    lines.note("a", 1)
    assert [("a", 1, 1)] == list(lines.due(100.0))
    for number in range(3):
        lines.note("a", number)
    lines.note("b", 7)
    assert [("b", 1, 7)] == list(lines.due(109.9))
    assert [("a", 3, 2)] == list(lines.due(110.0))
    assert [] == list(lines.due(200.0))
    lines.note("b", 8)
    lines.note("b", 9)
    lines.note("a", 5)
    assert {("a", 1, 5), ("b", 2, 9)} == set(lines.due(float("inf")))
