"""Ledger, holes and commits through every kind of history: nothing lost, nothing stuck, nothing repeated needlessly.

The invariants are those of `tests.kit.model_log`. Each is then shown to turn red by a mutant with a well-known fault.
"""

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from tests.kit.examples import examples, several
from tests.kit.ledger_mutants import MUTANTS, Mutant
from tests.kit.model_log import History, Parts

_ANY = st.integers(0, 40)
_MANY = st.integers(6, 40)
_FEW = st.integers(1, 6)
_GAPS = several([0, 0, 0, 0, 0, 0, 1, 2, 30], min_size=3, max_size=10)
_FOREIGN = ("", "R1", "R1~~~~~", "eyJhIjoxfQ==", "\u00e9", "R10000000000")
_TROUBLES: SearchStrategy[Callable[[History], None]] = st.one_of(
    _FEW.map(lambda count: lambda history: history.retain(count)),
    _ANY.map(lambda which: lambda history: history.compact(which)),
    _FEW.map(lambda count: lambda history: history.truncate(count)),
    st.tuples(_FEW, st.booleans()).map(
        lambda how: lambda history: history.rewind(how[0], keeps_metadata=how[1]),
    ),
    st.tuples(_FEW, st.booleans()).map(
        lambda how: lambda history: history.skip(how[0], keeps_metadata=how[1]),
    ),
    st.sampled_from(_FOREIGN).map(lambda metadata: lambda history: history.spoil(metadata)),
)


class LedgerHistory(RuleBasedStateMachine):
    """The steps of a history, in any order; at the end everything settles."""

    parts: ClassVar[Parts] = Parts()

    def __init__(self) -> None:
        super().__init__()
        self.history = History(self.parts)

    @initialize(gaps=_GAPS, reads=_MANY)
    def begin(self, gaps: list[int], reads: int) -> None:
        """Records are there when the worker starts."""
        self._write_and_read(gaps, reads)

    @rule(gaps=_GAPS, reads=_ANY)
    def write_and_read(self, gaps: list[int], reads: int) -> None:
        """Records are written; some are read."""
        self._write_and_read(gaps, reads)

    @rule(which=several(range(41), min_size=1, max_size=8), reads=_ANY)
    def finish_and_read(self, which: list[int], reads: int) -> None:
        """Some of what is on its way arrives, in any order; more is read."""
        for one in which:
            self.history.finish(one)
        self.history.read(reads)

    @rule(markers=st.integers(0, 3), reads=_MANY)
    def meet_the_end(self, markers: int, reads: int) -> None:
        """A transaction ends, and reading comes to the end of the log."""
        self.history.log.mark(markers)
        self.history.read(reads)
        self.history.meet_the_end()

    @rule()
    def commit(self) -> None:
        """A commit is due."""
        self.history.commit()

    @rule(succeeds=st.booleans(), arrives=st.booleans())
    def answer(self, succeeds: bool, arrives: bool) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """The broker answers, or does not."""
        self.history.answer(succeeds=succeeds, arrives=arrives)

    @rule()
    def commits(self) -> None:
        """A commit succeeds."""
        self._commit()

    def _commit(self) -> None:
        self.history.answer(succeeds=True, arrives=True)
        self.history.commit()
        self.history.answer(succeeds=True, arrives=True)

    @rule(arrives=st.booleans(), reads=_MANY)
    def crash(self, arrives: bool, reads: int) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """The worker dies and another goes on."""
        self.history.crash(arrives=arrives)
        self.history.read(reads)

    @rule(succeeds=st.booleans(), stops=st.booleans())
    def revoke(self, succeeds: bool, stops: bool) -> None:  # noqa: FBT001 - hypothesis calls by keyword
        """A rebalance, or the worker's stop, in good order."""
        self.history.revoke(succeeds=succeeds, stops=stops)

    @rule(which=several(range(41), max_size=3), trouble=_TROUBLES, gaps=_GAPS, reads=_MANY)
    def trouble(self, which: list[int], trouble: Callable[[History], None], gaps: list[int], reads: int) -> None:
        """The log, or an operator, does something to the group."""
        if which:  # else it comes upon whatever is there, a commit under way perhaps
            for one in which:
                self.history.finish(one)
            self._commit()
        trouble(self.history)
        self._write_and_read(gaps, reads)

    def teardown(self) -> None:
        """At the end all is well again, and nothing is missing."""
        if not self.history.broken:
            self.history.settle()

    def _write_and_read(self, gaps: list[int], reads: int) -> None:
        for gap in gaps:
            self.history.log.append(gap)
        self.history.read(reads)


_SETTINGS = settings(
    max_examples=examples(10_000, suite=500),
    stateful_step_count=14,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestLedgerHistory = pytest.mark.timeout(600)(LedgerHistory.TestCase)
TestLedgerHistory.settings = _SETTINGS


def _begun(history: History) -> None:
    for _ in range(3):
        history.log.append(0)
    history.read(3)


def _committed(history: History, *offsets: int) -> None:
    """These arrive of what has just begun, and a commit says so."""
    for offset in sorted(offsets, reverse=True):
        history.finish(offset)
    history.answer(succeeds=True, arrives=True)
    history.commit()
    history.answer(succeeds=True, arrives=True)


def _the_last_record_is_lost_above_a_hole(history: History) -> None:
    _begun(history)
    _committed(history, 1)
    history.truncate(1)
    _begun(history)


def _the_last_record_is_lost_that_had_arrived(history: History) -> None:
    _begun(history)
    _committed(history, 2)
    history.truncate(1)
    _begun(history)


def _all_records_are_lost(history: History) -> None:
    _begun(history)
    _committed(history, 0)
    history.truncate(3)
    _begun(history)


def _two_commits_come_before_the_last_record_is_lost(history: History) -> None:
    _begun(history)
    history.commit()
    _committed(history, 1)
    history.truncate(1)
    _begun(history)


def _a_commit_follows_another(history: History) -> None:
    _begun(history)
    for _ in range(3):
        history.finish(0)
        history.commit()
        history.answer(succeeds=True, arrives=True)


def _retention_takes_a_hole(history: History) -> None:
    for _ in range(2):
        _begun(history)
    _committed(history, 5)
    history.retain(5)
    history.crash(arrives=False)
    _begun(history)


def _a_worker_stops_with_a_commit_under_way(history: History) -> None:
    _begun(history)
    history.commit()
    history.revoke(succeeds=True, stops=True)


def _a_commit_fails(history: History) -> None:
    _begun(history)
    history.commit()
    history.answer(succeeds=False, arrives=False)
    history.commit()


HISTORIES = [
    _the_last_record_is_lost_above_a_hole,
    _the_last_record_is_lost_that_had_arrived,
    _all_records_are_lost,
    _two_commits_come_before_the_last_record_is_lost,
    _a_commit_follows_another,
    _retention_takes_a_hole,
    _a_worker_stops_with_a_commit_under_way,
    _a_commit_fails,
]
"""Histories worth telling: what a search found, after hundreds of others, of the faults that follow."""


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__.strip("_"))
def test_a_known_history(history: Callable[[History], None]) -> None:
    """It goes as any other, and at the end everything settles."""
    _tell(history, Parts())


def _tell(history: Callable[[History], None], parts: Parts) -> None:
    told = History(parts)
    history(told)
    told.settle()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_fault_breaks_its_invariant(mutant: Mutant) -> None:
    """A ledger with a well-known fault is found out, by the invariant that the fault breaks."""
    with pytest.raises(AssertionError, match=mutant.breaks):
        _tell_all(mutant.parts)


def _tell_all(made_of: Parts) -> None:
    class Mutated(LedgerHistory):
        parts = made_of

    for history in HISTORIES:
        _tell(history, made_of)
    quick = settings(_SETTINGS, max_examples=3000, derandomize=True, phases=[Phase.generate])
    run_state_machine_as_test(Mutated, settings=quick)
