"""The board: a page that gets what changed since its version shows what the board shows, whatever it missed."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.worker.page.board import PAGE, Board

NAMES = ("a", "b")
TEXTS = st.dictionaries(st.sampled_from(["lag", "state"]), st.sampled_from(["1", "2", "3"]), max_size=2)
PUTS = st.lists(st.dictionaries(st.sampled_from([PAGE, *NAMES]), TEXTS, max_size=3), max_size=12)


def all_of(board: Board) -> dict[str, dict[str, str]]:
    """All that it shows."""
    return {name: parts for name in (PAGE, *NAMES) if (parts := board.parts(name))}


@given(PUTS, st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_page_that_follows_shows_the_same(puts: list[dict[str, dict[str, str]]], looks: list[bool]) -> None:
    """However seldom it asks; and it is sent nothing that it has."""
    board, version = Board(), 0
    shown: dict[str, dict[str, str]] = {}
    board.put(NAMES, {})
    for put, looks_now in zip(puts, [*looks, True], strict=False):
        board.put(NAMES, put)
        if looks_now:
            for name, parts in board.since(version).items():
                known = shown.setdefault(name, {})
                assert any(known.get(part) != text for part, text in parts.items()) or version < board.version - 1
                known.update(parts)
            version = board.version
            assert {} == board.since(version)
            assert all_of(board) == shown


def test_what_stays_makes_no_version() -> None:
    """The same texts again are no change; an answer is made once for all who ask."""
    board = Board()
    board.put(["a"], {"a": {"lag": "1"}})
    version = board.version
    board.put(["a"], {"a": {"lag": "1"}})
    assert version == board.version
    assert board.since(0) is board.since(0)


def test_no_endpoint() -> None:
    """The page itself has parts all the same."""
    board = Board()
    board.put([], {PAGE: {"verdict": "none"}})
    assert {PAGE: {"verdict": "none"}} == board.since(0)


def test_other_endpoints() -> None:
    """Are told apart from other texts: a page of before has to be loaded again. What is gone leaves nothing."""
    board = Board()
    board.put(["a"], {"a": {"lag": "1"}})
    board.put(["a"], {"a": {"lag": "2"}})
    assert board.renamed_at < board.version
    board.put(["b"], {"b": {"lag": "3"}})
    assert board.renamed_at == board.version
    assert {} == board.parts("a")
    assert {"b": {"lag": "3"}} == board.since(0)
