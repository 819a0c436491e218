"""What a run records, and what the oracle judges: plain facts with times in seconds after the run began. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.load import SentEvent
from tests.chaos.plan import Fault, Schedule

Place = tuple[int, int]
"""Partition and offset in the events topic."""
ANSWER_S: Final = 2.0
"""So long after a process was asked its answer comes, or none."""


@dataclass(slots=True)
class Request:
    """One POST as a receiver saw it.

    Args:
        endpoint: whose receiver.
        worker: which process sent it, by its incarnation, e.g. `w1.2`.
        arrived: when it was complete.
        ids: of its events, in order.
        places: of its events, in order, from `registry-event`.
        webhook_id: the header.
        digest: of the body.
        odd: what is wrong with its content by itself; empty if nothing is.
        status: what was answered, None if nothing was.
        answered: when the answer was written whole.
        acted: whether the receiver took the events over, though its answer may come too late.
    """

    endpoint: str
    worker: str
    arrived: float
    ids: tuple[str, ...]
    places: tuple[Place, ...]
    webhook_id: str
    digest: bytes
    odd: str = ""
    status: int | None = None
    answered: float | None = None
    acted: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the receiver answered 2xx; whether the worker heard of it is another question."""
        return self.status is not None and self.status < 300


@dataclass(frozen=True, slots=True)
class Logged:
    """A record of the events topic."""

    place: Place
    id: str
    repository: str


@dataclass(frozen=True, slots=True)
class LetterFact:
    """A dead letter."""

    endpoint: str
    place: Place
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class CommitFact:
    """How far a group had committed at the end.

    Args:
        endpoint: whose group.
        partition: of the events topic.
        offset: where the group would begin again.
        has_holes: whether events above it were said to be finished: then this one is not.
    """

    endpoint: str
    partition: int
    offset: int
    has_holes: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process said of itself at one moment.

    Args:
        at: when it was asked; its answer may be `ANSWER_S` younger.
        process: its incarnation.
        ready: whether `/readyz` was 200; None if it did not answer.
        reasons: why it is not ready.
        lag: of each endpoint, as far as it is known; of workers only.
    """

    at: float
    process: str
    ready: bool | None
    reasons: str = ""
    lag: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Life:
    """One process from its start to its end.

    Args:
        name: its incarnation, e.g. `w1.2` is the second process of worker w1.
        began: when it was started.
        asked: when it was asked to stop (SIGTERM), None if it was not.
        ended: when it was gone.
        code: its exit status; negative is a signal.
        allowed_s: how long it may take to stop, after it was asked.
        killed: whether we killed it.
    """

    name: str
    began: float
    asked: float | None = None
    ended: float | None = None
    code: int | None = None
    allowed_s: float = 0.0
    killed: bool = False

    @property
    def process(self) -> str:
        """The name that all its incarnations share."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Failure:
    """A line of a worker's log: a try that had no answer for the worker, whatever the receiver thinks of it.

    Args:
        worker: its incarnation.
        endpoint: where to.
        place: of the event.
        at: when.
    """

    worker: str
    endpoint: str
    place: Place
    at: float


@dataclass(frozen=True, slots=True)
class FaultFact:
    """A fault as it was carried out."""

    fault: Fault
    began: float
    ended: float
    hit: str = ""
    """The incarnation of the process that it hit, if it hit one."""


@dataclass(slots=True)
class Evidence:
    """All that was recorded of a run.

    Args:
        schedule: what was to be done.
        sent: every event that was sent, by id.
        accepted: when each event was answered 200.
        requests: what receivers saw, in the order of arrival.
        log: the events topic at the end.
        letters: the dead letters at the end.
        commits: of all groups at the end.
        samples: what processes said of themselves.
        lives: every process.
        failures: tries that failed, as workers logged them.
        expelled: the incarnations of workers that lost their partitions to their groups, as they logged it.
        faults: what was done.
        faults_ended: when the last fault was over.
        rested: when everything had come to rest; None if it had not within the bound.
        members: who was in the groups, and had what, when nothing had come to rest.
        leftovers: what was not as it must be at the end, a sentence each.
        late_s: how long, in all, the harness itself was held up by more than half a second at a time.
        posts: POSTs to intakes, with repeats.
    """

    schedule: Schedule
    sent: Mapping[str, SentEvent] = field(default_factory=dict)
    accepted: dict[str, float] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    log: Sequence[Logged] = ()
    letters: Sequence[LetterFact] = ()
    commits: Sequence[CommitFact] = ()
    samples: list[Sample] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    expelled: set[str] = field(default_factory=set)
    faults: list[FaultFact] = field(default_factory=list)
    faults_ended: float = 0.0
    rested: float | None = None
    members: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    late_s: float = 0.0
    posts: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was not kept.

    Args:
        promise: which.
        text: what happened.
        id: of the event whose story tells more; empty if it is not about one.
    """

    promise: str
    text: str
    id: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.promise}: {self.text}"
