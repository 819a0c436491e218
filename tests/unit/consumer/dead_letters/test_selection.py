"""Which letters an operator means."""

from consumer.dead_letters.selection import LetterSelection, SelectionWithin
from tests.kit.letters import letter_at


def test_selection() -> None:
    """What is said narrows; what is empty does not."""
    letter = letter_at(1, 4)
    assert LetterSelection().matches(letter)
    assert LetterSelection(endpoint="ci", reason="rejected", event="id-1").matches(letter)
    for other in (
        LetterSelection(endpoint="audit"),
        LetterSelection(reason="exhausted"),
        LetterSelection(event="id-2"),
    ):
        assert not other.matches(letter)
    ranges = ({0: range(5)}, {0: range(4)}, {1: range(9)})
    assert [True, False, False] == [SelectionWithin(LetterSelection(), span).matches(letter) for span in ranges]
    assert not SelectionWithin(LetterSelection(endpoint="audit"), ranges[0]).matches(letter)
