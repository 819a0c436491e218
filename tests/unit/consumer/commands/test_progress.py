"""Progress bars: nothing is lost on the way past one."""

import pytest

from consumer.commands.progress import ReadingBars


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1000])
def test_items_pass_through(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, in order, also more or fewer than expected; without a terminal nothing is shown."""
    for expected in (count, 500):
        assert list(range(count)) == list(ReadingBars().watch(range(count), expected, "reading"))
    assert ("", "") == capsys.readouterr()
