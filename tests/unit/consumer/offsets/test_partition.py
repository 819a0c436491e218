"""One partition of a worker: when the offsets behind the last record are owed to nobody."""

from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record


def partition() -> Partition:
    """One that begins at offset 0, with a record read and not admitted yet."""
    made = Partition(0, 1, Ledger(0, end=0))
    made.backlog.append(Record("t", 0, 0, 0, None, b""))
    return made


def test_nothing_is_passed_over_while_something_is_to_be_admitted() -> None:
    """The end was met behind a record that is still in the backlog: it is passed over when that is admitted."""
    at = partition()
    at.read_up_to(5)
    assert 0 == at.ledger.next
    at.ledger.admit(at.backlog.popleft().offset)
    at.pass_over()
    assert 5 == at.ledger.next


def test_nothing_is_passed_over_once_the_backlog_is_forgotten() -> None:
    """What was read and not admitted comes again to whoever has the partition next: it must not be committed past."""
    draining, stopped = partition(), partition()
    draining.draining, stopped.upgrade_needed = True, "a newer schema"
    for at in (draining, stopped):
        at.read_up_to(5)
        at.forget_backlog()
        at.read_up_to(6)
        at.pass_over()
        assert 0 == at.ledger.next
    early = partition()
    early.read_up_to(5)
    early.forget_backlog()
    early.pass_over()
    assert 0 == early.ledger.next


def test_a_record_without_a_valid_time_has_no_age() -> None:
    """Kafka takes any number for a time; one of a thousand years ago would be an alarm about retention."""
    made = Partition(0, 1, Ledger(0, end=0))
    for timestamp_ms, oldest_ms in ((-(10**15), 0), (-1, 0), (2**63 - 1, 0), (1_000, 1_000)):
        made.backlog.appendleft(Record("t", 0, 0, timestamp_ms, None, b""))
        assert made.oldest_ms == oldest_ms
