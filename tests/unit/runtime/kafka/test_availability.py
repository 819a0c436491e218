"""The availability of Kafka as a state machine: whatever happens in whatever order, these hold."""

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import floats
from structlog.testing import capture_logs

from runtime.kafka.availability import PROBE_EVERY_S, Availability
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from tests.kit.examples import examples
from tests.kit.still_clock import StillClock

AWAY = KafkaUnavailableError("no answer")


class Machine(RuleBasedStateMachine):
    """Writes and probes of one writer; the model knows only what the class promises."""

    @initialize()
    def begin(self) -> None:
        """Begins up: Kafka need not be asked before the first write."""
        self.clock = StillClock()
        self.availability = Availability(self.clock, meanwhile="all wait")
        self.under_way = 0
        self.away = False
        """An absence was seen, and no write was answered since."""
        self.answered = False
        """A probe was answered since the absence, and no write was tried after it."""
        self.trying = False
        self.last_probe = float("-inf")

    @rule()
    def write(self) -> None:
        """A write is tried unless Kafka is away; after a probe, one is."""
        expected = not self.away or (self.answered and not self.trying)
        assert expected == self.availability.available or not self.away
        assert expected == self.availability.admit()
        if expected:
            self.under_way += 1
            if self.away:
                self.answered, self.trying = False, True

    @precondition(lambda self: self.under_way > 0)
    @rule()
    def acknowledged(self) -> None:
        """A write was acknowledged: on trial that ends the absence; a late one of before proves nothing else."""
        self._settle(None)

    @precondition(lambda self: self.under_way > 0)
    @rule()
    def refused(self) -> None:
        """A refusal is an answer too."""
        self._settle(KafkaRefusedError("too large"))

    @precondition(lambda self: self.under_way > 0)
    @rule()
    def timed_out(self) -> None:
        """Not acknowledged: Kafka is away from here on."""
        self.under_way -= 1
        self.availability.settle(AWAY)
        self.away, self.answered, self.trying = True, False, False

    @rule(seconds=floats(0, 2 * PROBE_EVERY_S))
    def time_passes(self, seconds: float) -> None:
        """Time passes."""
        self.clock.now += seconds

    @rule()
    def look_whether_to_probe(self) -> None:
        """Probes are due only while away, and at most one in `PROBE_EVERY_S`, but for a new absence."""
        due = self.availability.probe_due()
        if due:
            assert self.away
            assert not self.answered
            assert not self.trying
            assert not self.availability.probe_due()

    @rule()
    def probe_answered(self) -> None:
        """A probe was answered, perhaps late; it lets one write through and nothing more."""
        self.availability.reachable()
        if self.away and not self.trying:
            self.answered = True

    @invariant()
    def says_whether_a_write_would_be_tried(self) -> None:
        """`available` and `admit` agree."""
        if not hasattr(self, "availability"):
            return
        assert (not self.away or (self.answered and not self.trying)) == self.availability.available
        assert self.trying == self.availability.is_tried

    def _settle(self, error: Exception | None) -> None:
        self.under_way -= 1
        self.availability.settle(error)
        if self.trying:
            self.away = self.trying = False


TestAvailability = Machine.TestCase
TestAvailability.settings = settings(max_examples=examples(200, suite=50), stateful_step_count=40, deadline=None)


def test_an_absence_ends_by_a_probe_and_a_trial() -> None:
    """Away, probed, tried, up: and never without each step."""
    clock = StillClock()
    availability = Availability(clock, meanwhile="all wait")
    assert availability.admit()
    availability.settle(AWAY)
    assert not availability.admit()
    assert availability.probe_due()
    assert not availability.probe_due()
    clock.now += PROBE_EVERY_S
    assert availability.probe_due()
    availability.reachable()
    assert availability.admit()
    assert not availability.admit(), "a second write beside the trial"
    availability.settle(None)
    assert availability.admit()
    assert availability.admit()


def test_an_absence_is_told_with_what_follows() -> None:
    """Once, by whoever waits for Kafka: a spool's intake refuses nothing."""
    availability = Availability(StillClock(), meanwhile="events are kept in the spool")
    with capture_logs() as lines:
        availability.settle(AWAY)
        availability.settle(AWAY)
    [line] = lines
    assert ("kafka.unavailable", "no answer") == (line["event"], line["reason"])
    assert "events are kept in the spool until Kafka acknowledges a write" == line["consequence"]


def test_a_failed_trial_is_probed_again_at_once() -> None:
    """A trial that fails does not wait for the next turn of a probe."""
    clock = StillClock()
    availability = Availability(clock, meanwhile="all wait")
    availability.settle(AWAY)
    assert availability.probe_due()
    availability.reachable()
    assert availability.admit()
    availability.settle(AWAY)
    assert not availability.available
    assert availability.probe_due()
