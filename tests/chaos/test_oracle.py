"""The oracle: each promise is seen to be broken where it is, and nowhere else."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.chaos.facts import CommitFact, Evidence, Failure, FaultFact, LetterFact, Life, Logged, Request, Sample
from tests.chaos.load import SentEvent
from tests.chaos.oracle import Judgement, judge
from tests.chaos.plan import EndpointPlan, Fault, Kind, LoadPlan, Schedule

PLAN = EndpointPlan("ci", 2)
SCHEDULE = Schedule(1, "test", 1, ("w1", "w2"), (PLAN,), 1, LoadPlan(), ())
NAMES = ("a-0", "a-1", "a-2")


def sent(number: int) -> SentEvent:
    """The n-th event of the repository."""
    return SentEvent(f"a-{number}", "a", number, "push", None, {})


def request(number: int, at: float, **changes: object) -> Request:
    """A delivery of the n-th event that was answered 200 at once."""
    usual = Request(
        endpoint="ci",
        worker="w1.1",
        arrived=at,
        ids=(f"a-{number}",),
        places=((0, number),),
        webhook_id=f"a-{number}",
        digest=b"",
        status=200,
        answered=at + 0.1,
        acted=True,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def evidence(requests: Iterable[Request], **changes: object) -> Evidence:
    """Three events that were accepted, lie in the log, and came like this; everything else is as it must be."""
    usual = Evidence(
        SCHEDULE,
        sent={name: sent(number) for number, name in enumerate(NAMES)},
        accepted=dict.fromkeys(NAMES, 0.5),
        requests=list(requests),
        log=[Logged((0, number), name, "a") for number, name in enumerate(NAMES)],
        faults_ended=5.0,
        rested=6.0,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def promises(judged: Judgement) -> list[str]:
    """What was not kept."""
    return [violation.promise for violation in judged.violations]


WHOLE = [request(number, 1.0 + number) for number in range(3)]


def test_a_run_as_it_must_be() -> None:
    """Breaks nothing, and has recovered when it is at rest."""
    judged = judge(evidence(WHOLE))
    assert ([], 1.0, 0) == (judged.violations, judged.recovery_s, judged.repeats.counts.total())


def test_an_accepted_event_that_is_not_in_the_log_is_lost() -> None:
    """Though it was answered 200."""
    short = evidence(WHOLE[:2], log=[Logged((0, 0), "a-0", "a"), Logged((0, 1), "a-1", "a")])
    assert ["lost"] == promises(judge(short))


def test_an_event_that_never_came_is_lost() -> None:
    """Unless the endpoint did not ask for it."""
    assert ["lost"] == promises(judge(evidence(WHOLE[:2])))
    ignoring = replace(SCHEDULE, endpoints=(replace(PLAN, ignores=("push",)),))
    assert [] == promises(judge(evidence([], schedule=ignoring)))
    assert ["delivered without being asked for"] == promises(judge(evidence(WHOLE[:1], schedule=ignoring)))


def test_what_a_group_has_not_passed_waits() -> None:
    """In a run that stood still: it is not lost, unless its group has committed beyond it."""
    still = evidence(WHOLE[:2], rested=None, commits=[CommitFact("ci", 0, 2, has_holes=False)])
    assert ["no progress"] == promises(judge(still))
    beyond = replace(still, commits=[CommitFact("ci", 0, 3, has_holes=False)])
    assert {"lost", "no progress"} == set(promises(judge(beyond)))


def test_a_dead_letter_needs_its_reason() -> None:
    """Three refusals make one; fewer do not."""
    refused = [request(2, 3.0 + n, status=422, acted=False) for n in range(3)]
    letters = [LetterFact("ci", (0, 2), "rejected", 3)]
    assert [] == promises(judge(evidence([*WHOLE[:2], *refused], letters=letters)))
    few = judge(evidence([*WHOLE[:2], *refused[:2]], letters=letters))
    assert ["unjustified dead letter"] == promises(few)
    unknown = judge(evidence([*WHOLE[:2], *refused], letters=[LetterFact("ci", (0, 2), "undecodable", 0)]))
    assert ["unjustified dead letter"] == promises(unknown)


def test_an_event_that_overtakes() -> None:
    """It was sent before the one before it had been answered 2xx."""
    early = [WHOLE[0], request(2, 1.05), request(1, 2.0)]
    assert {"out of order"} == set(promises(judge(evidence(early))))
    unordered = replace(SCHEDULE, endpoints=(replace(PLAN, ordered=False),))
    assert [] == promises(judge(evidence(early, schedule=unordered)))


def test_a_batch_overtakes_nothing_of_its_own() -> None:
    """Not when it is tried twice either."""
    both = {"ids": ("a-1", "a-2"), "places": ((0, 1), (0, 2)), "webhook_id": "batch"}
    tries = [request(1, 2.0, status=429, acted=False, **both), request(1, 3.0, **both)]
    assert [] == promises(judge(evidence([WHOLE[0], *tries])))
    overtaking = [request(1, 0.9, **both), WHOLE[0]]
    assert {"out of order"} == set(promises(judge(evidence(overtaking))))


def test_an_event_that_lies_before_an_earlier_one() -> None:
    """In the log; a copy behind it makes it good."""
    log = [Logged((0, 0), "a-1", "a"), Logged((0, 1), "a-0", "a"), Logged((0, 2), "a-2", "a")]
    requests = [request(0, 1.0, ids=("a-1",)), request(1, 2.0, ids=("a-0",)), request(2, 3.0)]
    assert ["out of order"] == promises(judge(evidence(requests, log=log)))
    again = [*log, Logged((0, 3), "a-1", "a")]
    copy = request(3, 4.0, ids=("a-1",))
    assert [] == promises(judge(evidence([*requests, copy], log=again)))


@pytest.mark.parametrize("change", [{"digest": b"other"}, {"webhook_id": "other"}, {"odd": "bytes"}])
def test_a_repeat_that_is_not_the_same(change: dict[str, object]) -> None:
    """Other bytes, another webhook-id, or what was never sent."""
    failed = [Failure("w1.1", "ci", (0, 2), 3.5)]
    assert ["changed"] == promises(judge(evidence([*WHOLE, request(2, 4.0, **change)], failures=failed)))


def again(worker: str = "w2.1", at: float = 4.0) -> list[Request]:
    """All of it, and the last event once more."""
    return [*WHOLE, request(2, at, worker=worker)]


def test_a_repeat_without_a_cause() -> None:
    """None is allowed."""
    judged = judge(evidence(again()))
    assert (["too many repeats"], 1) == (promises(judged), judged.repeats.counts["graceful"])


def test_a_retry_is_no_repeat() -> None:
    """The worker logged that the try had failed, or the receiver acted and did not answer."""
    judged = judge(evidence(again("w1.1"), failures=[Failure("w1.1", "ci", (0, 2), 3.5)]))
    assert ([], 1) == (promises(judged), judged.repeats.counts["retry"])
    late = [*WHOLE[:2], request(2, 3.0, status=None, answered=None), request(2, 4.0)]
    assert [] == promises(judge(evidence(late)))


def test_the_retries_of_a_repeat_are_no_repeats() -> None:
    """A try that timed out for the worker though it was taken, then one that is refused, then the last."""
    failures = [Failure("w1.1", "ci", (0, 2), 3.5)]
    retried = [request(2, 4.0, status=503, acted=False), request(2, 5.0)]
    judged = judge(evidence([*WHOLE, *retried], failures=failures))
    assert ([], 1) == (promises(judged), judged.repeats.counts.total())


@pytest.mark.parametrize(
    ("kind", "target", "hit", "cause"),
    [
        (Kind.WORKER_KILLED, "w1", "w1.1", "kill"),
        (Kind.WORKER_FROZEN_LONG, "w1", "w1.1", "freeze"),
        (Kind.WORKER_FROZEN_LONG, "w2", "w2.1", "freeze"),
        (Kind.BROKER_KILLED, "b1", "", "kafka"),
        (Kind.LINK_CUT, "w1>kafka", "", "kafka"),
    ],
)
def test_a_repeat_has_a_cause(kind: Kind, target: str, hit: str, cause: str) -> None:
    """It counts to the bound of its fault."""
    faults = [FaultFact(Fault(kind, 3.0, 0.5, target), 3.2, 3.7, hit)]
    judged = judge(evidence(again(), faults=faults))
    assert ([], 1) == (promises(judged), judged.repeats.counts[cause])
    assert judged.repeats.bounds[cause] >= PLAN.most_repeats == 6


def test_a_group_that_takes_partitions_away_is_a_cause() -> None:
    """With a bound, as for a crash; a machine that was held up has none."""
    judged = judge(evidence(again(), expelled={"w1.1"}))
    assert ([], 1, 6) == (promises(judged), judged.repeats.counts["group"], judged.repeats.bounds["group"])
    assert 1 == judge(evidence(again(), expelled={"w1.1"}, late_s=1.0)).repeats.counts["machine"]
    assert ["too many repeats"] == promises(judge(evidence(again(), expelled={"w3.1"})))


def test_a_fault_of_another_worker_is_no_cause() -> None:
    """Whatever happened to it."""
    faults = [FaultFact(Fault(Kind.WORKER_KILLED, 3.0, 0.5, "w2"), 3.2, 3.7, "w2.1")]
    assert ["too many repeats"] == promises(judge(evidence(again(), faults=faults)))


def test_more_repeats_than_the_bound() -> None:
    """Of one kill at one endpoint."""
    names = {f"a-{number}": sent(number) for number in range(7)}
    first = [request(number, 1.0 + number) for number in range(7)]
    second = [request(number, 20.0 + number, worker="w2.1") for number in range(7)]
    faults = [FaultFact(Fault(Kind.WORKER_KILLED, 10.0, 0.5, "w1"), 10.0, 10.5, "w1.1")]
    log = [Logged((0, number), name, "a") for number, name in enumerate(names)]
    many = evidence([*first, *second], sent=names, log=log, faults=faults, rested=30.0)
    assert ["too many repeats"] == promises(judge(many))
    assert [] == promises(judge(replace(many, requests=[*first, *second[:6]])))


@pytest.mark.parametrize(("repeated", "held"), [(12 + 6, True), (12 + 6 + 1, False)])
def test_repeats_that_two_faults_explain(repeated: int, held: bool) -> None:  # noqa: FBT001 - a case of the table
    """Each of two workers lost its commits with the broker; that one of them was frozen, too, takes no room away."""
    names = {f"a-{number}": sent(number) for number in range(repeated)}
    first = [request(number, 1.0 + number / 5) for number in range(repeated)]
    second = [request(number, 15.0 + number / 5, worker="w2.1") for number in range(repeated)]
    worker = FaultFact(Fault(Kind.WORKER_FROZEN, 4.0, 6.0, "w1"), 4.0, 10.0, "w1.1")
    broker = FaultFact(Fault(Kind.BROKER_FROZEN_LONG, 3.0, 8.0, "b1"), 3.0, 11.0)
    log = [Logged((0, number), name, "a") for number, name in enumerate(names)]
    both = evidence([*first, *second], sent=names, log=log, faults=[worker, broker], rested=40.0)
    assert ([] if held else ["too many repeats"]) == promises(judge(both))
    assert ["too many repeats"] == promises(judge(replace(both, faults=[worker])))
    assert ["too many repeats"] == promises(judge(replace(both, faults=[broker])))


def test_a_wait_that_nobody_told() -> None:
    """Ready and no lag, though an event waited for longer than it may; lag, or a reason, tells it."""
    late = [*WHOLE[:2], request(2, 40.0)]
    lying = [Sample(at, "w1.1", ready=True, lag={"ci": 0.0}) for at in (23.0, 29.0, 36.0)]
    assert ["not told"] == promises(judge(evidence(late, samples=lying)))
    between = lying[1]
    for honest in (replace(between, lag={"ci": 1.0}), replace(between, ready=False), replace(between, lag={})):
        assert [] == promises(judge(evidence(late, samples=[lying[0], honest, lying[2]])))
    assert [] == promises(judge(evidence(late, samples=[replace(one, at=one.at - 15) for one in lying])))


def test_an_outage_that_nobody_told() -> None:
    """Ready, long after Kafka was gone; soon after it is no lie."""
    faults = [FaultFact(Fault(Kind.LINK_CUT, 2.0, 20.0, "w1>kafka"), 2.0, 22.0)]
    lying = Sample(19.0, "w1.1", ready=True)
    assert ["not told"] == promises(judge(evidence(WHOLE, faults=faults, samples=[lying])))
    for honest in (
        replace(lying, at=10.0),
        replace(lying, at=20.5),
        replace(lying, ready=False),
        replace(lying, process="w2.1"),
    ):
        assert [] == promises(judge(evidence(WHOLE, faults=faults, samples=[honest])))


def test_no_rest() -> None:
    """Within the bound."""
    judged = judge(evidence(WHOLE, rested=None))
    assert (["no progress"], None) == (promises(judged), judged.recovery_s)


@pytest.mark.parametrize(
    ("life", "held"),
    [
        (Life("w1.1", 0.0, asked=1.0, ended=2.0, code=0, allowed_s=5.0), True),
        (Life("w1.1", 0.0, asked=1.0, ended=2.0, code=1, allowed_s=5.0), False),
        (Life("w1.1", 0.0, asked=1.0, ended=30.0, code=0, allowed_s=5.0), False),
        (Life("w1.1", 0.0, asked=0.1, ended=0.2, code=-15, allowed_s=5.0), True),
        (Life("w1.1", 0.0, asked=9.0, ended=9.1, code=-15, allowed_s=5.0), False),
        (Life("w1.1", 0.0, ended=2.0, code=-9, killed=True), True),
        (Life("w1.1", 0.0, code=1), False),
    ],
)
def test_the_end_of_a_process(life: Life, held: bool) -> None:  # noqa: FBT001 - a case of the table
    """With 0 and in time, unless we killed it."""
    assert ([] if held else ["wrong end"]) == promises(judge(evidence(WHOLE, lives=[life])))


def test_what_is_left_over() -> None:
    """Is said."""
    assert ["left over"] == promises(judge(evidence(WHOLE, leftovers=["a process"])))
    assert [] == promises(judge(evidence(WHOLE, commits=[CommitFact("ci", 0, 3, has_holes=False)])))
    short = evidence(WHOLE, commits=[CommitFact("ci", 0, 2, has_holes=False)])
    assert ["left over"] == promises(judge(short))
    assert ["left over"] == promises(judge(replace(short, lives=[Life("w2.1", 0.0, ended=4.0, code=-9, killed=True)])))
    assert [] == promises(judge(replace(short, lives=[Life("w1.1", 0.0, ended=4.0, code=-9, killed=True)])))
    assert [] == promises(judge(replace(short, expelled={"w1.1"})))


def test_a_hole_of_a_worker_that_was_killed_keeps_the_commit() -> None:
    """What was finished behind it is in the commit's metadata, which only a worker reads."""
    requests = [request(0, 1.0, worker="w3.1"), *WHOLE[1:]]
    killed = evidence(requests, lives=[Life("w3.1", 0.0, ended=4.0, code=-9, killed=True)])
    holes = replace(killed, commits=[CommitFact("ci", 0, 0, has_holes=True)])
    assert [] == promises(judge(holes))
    assert ["left over"] == promises(judge(replace(holes, lives=[])))
    assert ["left over"] == promises(judge(replace(killed, commits=[CommitFact("ci", 0, 0, has_holes=False)])))


def test_an_unasked_event_need_not_be_committed() -> None:
    """A worker that stops has not read all of them."""
    names = {**{f"a-{n}": sent(n) for n in range(2)}, "a-2": replace(sent(2), action="pull")}
    ignoring = replace(SCHEDULE, endpoints=(replace(PLAN, ignores=("pull",)),))
    commits = [CommitFact("ci", 0, 2, has_holes=False)]
    assert [] == promises(judge(evidence(WHOLE[:2], schedule=ignoring, sent=names, commits=commits)))
