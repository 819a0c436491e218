"""What a run is to be: its brokers, processes, endpoints, load and faults. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

SESSION_S: Final = 6.0
"""The group session of the brokers: how long a worker may be silent before its partitions go to others."""
WORKERS: Final = ("w1", "w2", "w3", "w4")
INTAKES: Final = ("i1", "i2")
SENDERS: Final = ("s1", "s2", "s3")


class Kind(Enum):
    """A kind of fault."""

    WORKER_KILLED = "worker killed"
    WORKER_STOPPED = "worker stopped"
    WORKER_FROZEN = "worker frozen"
    WORKER_FROZEN_LONG = "worker frozen past its session"
    WORKER_ADDED = "worker added"
    WORKER_REMOVED = "worker removed"
    INTAKE_KILLED = "intake killed"
    INTAKE_STOPPED = "intake stopped"
    INTAKE_FROZEN = "intake frozen"
    BROKER_KILLED = "broker killed"
    BROKER_STOPPED = "broker stopped"
    BROKER_FROZEN = "broker frozen"
    BROKER_FROZEN_LONG = "broker frozen past its session"
    BROKERS_BELOW_MINIMUM = "offsets topic below its minimum"
    LINK_CUT = "link cut"
    LINK_DELAYED = "link delayed"
    LINK_RESET = "link reset"
    LINK_BLACK_HOLE = "link black hole"
    DISK_FULL = "disk of an intake's spool full"
    PARTITIONS_ADDED = "partitions added"
    LETTERS_REFUSED = "dead-letter topic refuses"
    LETTERS_DELETED = "dead-letter topic deleted"
    LETTERS_BELOW_MINIMUM = "dead-letter topic below its minimum"
    ENDPOINT_FAILS = "endpoint answers 500"
    ENDPOINT_UNAVAILABLE = "endpoint answers 503"
    ENDPOINT_THROTTLES = "endpoint answers 429"
    ENDPOINT_DRIPS = "endpoint drips"
    ENDPOINT_HANGS = "endpoint hangs"
    ENDPOINT_RESETS = "endpoint resets"
    ENDPOINT_ACTS_LATE = "endpoint acts and answers late"


GRACEFUL: Final = (
    Kind.WORKER_STOPPED,
    Kind.WORKER_ADDED,
    Kind.WORKER_REMOVED,
    Kind.INTAKE_STOPPED,
    Kind.PARTITIONS_ADDED,
)
CRASHES: Final = (
    Kind.WORKER_KILLED,
    Kind.WORKER_FROZEN,
    Kind.WORKER_FROZEN_LONG,
    Kind.INTAKE_KILLED,
    Kind.INTAKE_FROZEN,
)
BROKERS: Final = (Kind.BROKER_KILLED, Kind.BROKER_STOPPED, Kind.BROKER_FROZEN, Kind.BROKER_FROZEN_LONG)
LINKS: Final = (Kind.LINK_CUT, Kind.LINK_DELAYED, Kind.LINK_RESET, Kind.LINK_BLACK_HOLE)
LETTERS: Final = (Kind.LETTERS_REFUSED, Kind.LETTERS_DELETED)
ENDPOINTS: Final = (
    Kind.ENDPOINT_FAILS,
    Kind.ENDPOINT_UNAVAILABLE,
    Kind.ENDPOINT_THROTTLES,
    Kind.ENDPOINT_DRIPS,
    Kind.ENDPOINT_HANGS,
    Kind.ENDPOINT_RESETS,
    Kind.ENDPOINT_ACTS_LATE,
)
OF_THREE_BROKERS: Final = (Kind.BROKERS_BELOW_MINIMUM, Kind.LETTERS_BELOW_MINIMUM)
"""These need several brokers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Args:
        kind: what it is.
        at: when it begins, in seconds after the load began.
        seconds: how long it lasts; what is killed or stopped is started again after that.
        target: what it hits: a process (`w1`, `i2`), a broker (`b1`), an endpoint, a link (`w1>kafka`, `s1>i1`,
            `w2>single`, `b1<brokers`), or nothing in particular.
    """

    kind: Kind
    at: float
    seconds: float = 0.0
    target: str = ""

    @property
    def end(self) -> float:
        """When it is over, in seconds after the load began."""
        return self.at + self.seconds

    def __str__(self) -> str:
        """As a schedule lists it."""
        return f"{self.at:6.2f} s  {self.kind.value} {self.target} ({self.seconds:.2f} s)"


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """One endpoint and how its receiver usually behaves.

    Args:
        name: of the endpoint.
        concurrency: requests in flight at most, for each worker.
        max_events: of a batch.
        ordered: whether the order within a repository is promised.
        timeout: in seconds.
        delay: how long the receiver takes for each answer, in seconds.
        ignores: actions that the endpoint does not ask for.
        poison: one of so many events is always refused with 422; 0 for none.
        more: further keys of the configuration.
    """

    name: str
    concurrency: int
    max_events: int = 1
    ordered: bool = True
    timeout: float = 2.0
    delay: float = 0.0
    ignores: tuple[str, ...] = ()
    poison: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Events in flight at most, for each worker."""
        return self.concurrency * self.max_events

    @property
    def most_repeats(self) -> int:
        """The documented bound for each worker that crashes."""
        return 3 * self.width

    def wants(self, action: str) -> bool:
        """Whether an event is to be delivered."""
        return action not in self.ignores

    def config(self, url: str, worker: str) -> dict[str, Any]:
        """Its entry in the configuration of one worker, whose requests say whose they are."""
        return {
            "name": self.name,
            "url": url,
            "headers": {"chaos-worker": worker},
            "timeout": f"{self.timeout:g}s",
            "backoff": "50ms",
            "max_backoff": "500ms",
            "attempts": 6,
            "concurrency": self.concurrency,
            "ordering": "repository" if self.ordered else "none",
            "batch": {"max_events": self.max_events, "linger": "50ms" if self.max_events > 1 else "0s"},
            "ignore": {"actions": list(self.ignores)},
            **self.more,
        }


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How much is sent.

    Args:
        envelopes: of each sender.
        seconds: the time that they are spread over.
        repositories: of each sender.
        most_events: of an envelope.
    """

    envelopes: int = 120
    seconds: float = 8.0
    repositories: int = 8
    most_events: int = 8


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole run.

    Args:
        seed: everything that is drawn follows from it.
        profile: the family of its faults.
        brokers: one or three.
        workers: those that run from the beginning.
        endpoints: of different settings.
        partitions: of both topics at the beginning.
        load: how much is sent.
        faults: in the order of their times.
        spool: whether each intake has a spool; then each sender has an intake of its own.
    """

    seed: int
    profile: str
    brokers: int
    workers: tuple[str, ...]
    endpoints: tuple[EndpointPlan, ...]
    partitions: int
    load: LoadPlan
    faults: tuple[Fault, ...]
    spool: bool = False

    def __str__(self) -> str:
        """For people, a line for each fault."""
        spools = ", spools" if self.spool else ""
        names = ", ".join(f"{one.name} ({one.concurrency} x {one.max_events})" for one in self.endpoints)
        return "\n".join(
            [
                f"seed {self.seed}, {self.profile}: {self.brokers} broker(s), {self.partitions} partitions{spools}",
                f"workers {' '.join(self.workers)}, endpoints {names}",
                *map(str, self.faults),
            ]
        )
