"""Who makes room when there are too many connections, and what of it is logged."""

from collections import Counter
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from runtime.http.limits import MAX_CONNECTIONS
from runtime.http.open_connections import OpenConnections, Precedence


@dataclass(eq=False)
class Peer:
    """A connection that does nothing."""

    connections: OpenConnections
    precedence: Precedence
    since: float
    sender: str = "192.0.2.7:1"
    dropped: list[str] = field(default_factory=list)

    def check(self, now: float) -> None:
        """Is in time until 50 s."""
        if now > 50:
            self.drop("silent")

    def drop(self, reason: str) -> None:
        """Note it."""
        self.dropped.append(reason)
        self.connections.note(self, reason)


class Closed:
    """Counts what is closed."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def closed(self, reason: str) -> None:
        """Count it."""
        self.reasons[reason] += 1


def full(precedence: Precedence, connections: OpenConnections) -> list[Peer]:
    """As many peers as there may be; the later, the younger."""
    peers = [Peer(connections, precedence, float(number)) for number in range(MAX_CONNECTIONS)]
    for peer in peers:
        connections.opened(peer)
    assert not any(peer.dropped for peer in peers)
    return peers


def test_the_one_that_has_waited_longest_makes_room() -> None:
    """Again and again, before its end is reported: there are never more than there may be."""
    connections = OpenConnections()
    peers = full(Precedence.SENDING, connections)
    for number in range(3):
        connections.opened(Peer(connections, Precedence.STRANGER, 1000.0 + number))
    assert [["crowded"], [], []] == [peer.dropped for peer in peers[:3]], "then the strangers, though they came last"
    assert MAX_CONNECTIONS == len(connections)


def test_who_made_no_request_goes_before_who_did() -> None:
    """In the order of the precedences, whatever the times."""
    connections = OpenConnections()
    peers = full(Precedence.IDLE, connections)
    peers[7].precedence = Precedence.STRANGER
    peers[8].precedence = Precedence.ANSWERING
    for _ in range(MAX_CONNECTIONS):
        connections.opened(Peer(connections, Precedence.SENDING, 0.0))
    assert [8] == [number for number, peer in enumerate(peers) if not peer.dropped]


def test_a_new_one_is_dropped_when_all_get_their_answers() -> None:
    """No answer under way is cut off."""
    connections = OpenConnections()
    peers = full(Precedence.ANSWERING, connections)
    late = Peer(connections, Precedence.STRANGER, 0.0)
    connections.opened(late)
    assert (["crowded"], False) == (late.dropped, any(peer.dropped for peer in peers))
    assert MAX_CONNECTIONS == len(connections)
    connections.gone(peers[0])
    connections.gone(late)
    assert MAX_CONNECTIONS - 1 == len(connections)


def test_a_flood_is_one_line_in_ten_seconds() -> None:
    """With how many there were and one of their senders; each is counted."""
    closed = Closed()
    connections = OpenConnections(closed)
    full(Precedence.STRANGER, connections)
    with capture_logs() as lines:
        connections.sweep(50.0)
        assert lines == []
        connections.sweep(51.0)
        connections.sweep(52.0)
        connections.sweep(60.5)
    expected = {"event": "http.closed", "log_level": "warning", "reason": "silent", "last_sender": "192.0.2.7:1"}
    assert [{**expected, "connections": MAX_CONNECTIONS}] == lines
    with capture_logs() as lines:
        connections.sweep(61.0)
    assert [{**expected, "connections": 3 * MAX_CONNECTIONS}] == lines, "that of 52, 60.5 and 61 s"
    assert {"silent": 4 * MAX_CONNECTIONS} == closed.reasons
