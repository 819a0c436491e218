"""The letters of a redrive in line: in which order they go, and what one that fails leaves behind."""

from consumer.dead_letters.letter import Letter
from consumer.dead_letters.queue import Queue, Ready, in_turns
from consumer.dead_letters.record import parse_record
from schemas.event import Event
from tests.kit.letters import buried, letter_at, record


def ready(letter: Letter) -> Ready:
    """A letter that can be sent."""
    return Ready(letter, record(letter.offset), Event())


def test_order_is_that_of_the_log() -> None:
    """Letters go in the order of their events, however late one of them became a letter; partitions take turns."""
    letters = [letter_at(offset, at) for at, offset in enumerate((9, 3, 7))]
    other = parse_record(buried(record(1, partition=1), 50))
    assert isinstance(other, Letter)
    assert [(0, 3), (0, 7), (0, 9), (1, 1)] == [(one.partition, one.offset) for one in in_turns([*letters, other])]


def test_queue_lets_one_of_a_repository_go() -> None:
    """The second of a repository waits for the first; what a failed one leaves behind is given back."""
    letters = [letter_at(offset, offset) for offset in range(4)]
    queue = Queue(letters, ordered=True)
    first, second, third, last = map(ready, queue.next_unread(most=9, most_bytes=10**9))
    assert queue.put(first) is first
    assert (queue.put(second), queue.put(third)) == (None, None)
    assert (queue.waiting, queue.bytes) == (2, second.record.size + third.record.size)
    assert queue.done(first.letter) is second
    assert queue.failed(second.letter) == [third.letter]
    queue.block(second.letter)
    assert queue.blocker_of(last.letter) is second.letter
    assert (queue.under_way, queue.waiting, queue.bytes) == (0, 0, 0)


def test_queue_without_order() -> None:
    """An endpoint with `ordering: none` has its letters sent side by side."""
    letters = [letter_at(offset, offset) for offset in range(2)]
    queue = Queue(letters, ordered=False)
    assert all(queue.put(one) is one for one in map(ready, letters))


def test_block_lets_those_before_it_go() -> None:
    """A letter that cannot be read holds up what follows it, not what is in line before it."""
    first, second, broken = (letter_at(offset, offset) for offset in range(3))
    queue = Queue([first, second, broken], ordered=True)
    one, two = ready(first), ready(second)
    queue.put(one)
    queue.put(two)
    queue.block(broken)
    assert queue.done(first) is two
    assert queue.done(second) is None
    assert queue.under_way == 0


def test_next_unread_is_bounded() -> None:
    """So many letters and bytes at most are read at once, and at least one."""
    letters = [letter_at(offset, offset) for offset in range(5)]
    queue = Queue(letters, ordered=True)
    assert len(queue.next_unread(most=2, most_bytes=10**9)) == 2
    assert len(queue.next_unread(most=9, most_bytes=1)) == 1
    assert queue.unread == 2
