"""Memory that was freed goes back to the operating system."""

from pathlib import Path

from runtime.freed_memory import give_back


def resident_bytes() -> int:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def test_it_is_given_back() -> None:
    """Of pieces too small for pages of their own, all but the last are freed."""
    pieces = [bytes(60_000) for _ in range(1000)]
    before = resident_bytes()
    last = pieces[-1]
    pieces.clear()
    give_back()
    assert resident_bytes() < before - 40_000_000
    assert last == bytes(60_000)
